//! The run's two logs: JSON lines, and TensorBoard's event file with the same numbers.
//!
//! Both are cut back to where a checkpoint was taken when a run goes on from it, so that no iteration appears twice.

use crate::{Error, Losses, Result};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Name of the JSON lines in a run directory.
pub const EVENTS: &str = "events.jsonl";
/// Name of TensorBoard's file in a run directory (it looks for `tfevents`).
pub const TENSORBOARD: &str = "events.out.tfevents.0000000000.consingan";

/// How long the logs were at some moment, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogLengths {
    events: u64,
    tensorboard: u64,
}

/// The open logs of a run.
#[derive(Debug)]
pub(crate) struct Log {
    events: Out,
    tensorboard: Out,
}

#[derive(Debug)]
struct Out {
    path: PathBuf,
    file: BufWriter<File>,
    length: u64,
}

/// A line of `events.jsonl`.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(crate) enum Line {
    Stage {
        stage: usize,
        size: (usize, usize),
        amp: f64,
        time: f64,
    },
    Iteration {
        stage: usize,
        iteration: usize,
        #[serde(flatten)]
        losses: Losses,
    },
    WentBack {
        stage: usize,
        from: usize,
        to: usize,
        reason: String,
    },
    Collapsed {
        stage: usize,
        iteration: usize,
        reason: String,
    },
    StageDone {
        stage: usize,
        seconds: f64,
        time: f64,
    },
    Done {
        time: f64,
    },
}

impl Log {
    /// Opens the logs of `dir` and cuts them back to `lengths`.
    pub(crate) fn open(dir: &Path, lengths: LogLengths) -> Result<Self> {
        let mut tensorboard = Out::open(dir.join(TENSORBOARD), lengths.tensorboard)?;
        if tensorboard.length == 0 {
            tensorboard.write(&record(&[field_f64(1, now()), field_bytes(3, b"brain.Event:2")].concat()))?;
        }
        Ok(Self { events: Out::open(dir.join(EVENTS), lengths.events)?, tensorboard })
    }

    pub(crate) fn line(&mut self, line: &Line) -> Result<()> {
        let mut text = serde_json::to_string(line).map_err(|e| Error::encoding(&self.events.path)(&e))?;
        text.push('\n');
        self.events.write(text.as_bytes())
    }

    /// The losses of an iteration (counted from 1), in both logs.
    pub(crate) fn losses(
        &mut self,
        stage: usize,
        iteration: usize,
        niter: usize,
        losses: &Losses,
    ) -> Result<()> {
        self.line(&Line::Iteration { stage, iteration, losses: *losses })?;
        let value = |(name, value): (&str, f32)| {
            let summary =
                [field_bytes(1, format!("stage-{stage}/{name}").as_bytes()), field_f32(2, value)].concat();
            field_bytes(1, &summary)
        };
        let values: Vec<u8> = losses.named().into_iter().flat_map(value).collect();
        let step = (stage * niter + iteration) as u64;
        let event = [field_f64(1, now()), field_varint(2, step), field_bytes(5, &values)].concat();
        self.tensorboard.write(&record(&event))
    }

    /// Brings everything to the files and says how long they are.
    pub(crate) fn flush(&mut self) -> Result<LogLengths> {
        self.events.flush()?;
        self.tensorboard.flush()?;
        Ok(LogLengths { events: self.events.length, tensorboard: self.tensorboard.length })
    }
}

impl Out {
    fn open(path: PathBuf, length: u64) -> Result<Self> {
        let open = || -> std::io::Result<(File, u64)> {
            let mut file =
                without_links(OpenOptions::new().create(true).write(true).truncate(false)).open(&path)?;
            if !file.metadata()?.is_file() {
                return Err(std::io::Error::other("is no file"));
            }
            let length = length.min(file.metadata()?.len());
            file.set_len(length)?;
            file.seek(SeekFrom::End(0))?;
            Ok((file, length))
        };
        let (file, length) = open().map_err(Error::io(&path))?;
        Ok(Self { path, file: BufWriter::new(file), length })
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.length += bytes.len() as u64;
        self.file.write_all(bytes).map_err(Error::io(&self.path))
    }

    fn flush(&mut self) -> Result<()> {
        let flushed = self.file.flush().and_then(|()| self.file.get_ref().sync_data());
        flushed.map_err(Error::io(&self.path))
    }
}

/// Refuses a link in place of the file, and does not wait for the other end of a pipe.
#[cfg(unix)]
fn without_links(options: &mut OpenOptions) -> &OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
}

#[cfg(not(unix))]
fn without_links(options: &mut OpenOptions) -> &OpenOptions {
    options
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |d| d.as_secs_f64())
}

/// TFRecord framing: length, its checksum, data, its checksum.
fn record(data: &[u8]) -> Vec<u8> {
    let masked =
        |bytes: &[u8]| crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes();
    let length = (data.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), data, &masked(data)].concat()
}

/// Protocol buffer fields: number and wire type, then the value.
fn field_varint(number: u64, value: u64) -> Vec<u8> {
    [varint(number << 3), varint(value)].concat()
}

fn field_f64(number: u64, value: f64) -> Vec<u8> {
    [&varint(number << 3 | 1)[..], &value.to_le_bytes()].concat()
}

fn field_f32(number: u64, value: f32) -> Vec<u8> {
    [&varint(number << 3 | 5)[..], &value.to_le_bytes()].concat()
}

fn field_bytes(number: u64, value: &[u8]) -> Vec<u8> {
    [&varint(number << 3 | 2)[..], &varint(value.len() as u64), value].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs that read the log know its keys.
    #[test]
    fn a_line_of_losses_has_their_names() -> serde_json::Result<()> {
        let losses = Losses {
            d_real: 0.1,
            d_fake: -2.5,
            gradient_penalty: 3.0,
            g_adversarial: f32::NAN,
            reconstruction: 1e-7,
        };
        let line = serde_json::to_string(&Line::Iteration { stage: 1, iteration: 20, losses })?;
        let expected = concat!(
            r#"{"event":"iteration","stage":1,"iteration":20,"d_real":0.1,"d_fake":-2.5,"gradient_penalty":3.0,"#,
            r#""g_adversarial":null,"reconstruction":1e-7}"#
        );
        assert_eq!(line, expected);
        Ok(())
    }
}
