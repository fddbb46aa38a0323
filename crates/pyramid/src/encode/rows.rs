//! Files that are written a few rows at a time, for pictures that do not fit into memory at once.

use super::{colour_of_png, tiff};
use crate::picture::Picture;
use crate::{Depth, Encoding, Error, FileFormat, Size};
use ndarray::{Axis, concatenate};
use std::borrow::Cow;
use std::io::{BufWriter, Error as IoError, Seek, Write};

/// A file that gets rows of a picture.
#[derive(Clone, Debug)]
pub struct RowFile<'a> {
    /// The format.
    pub format: FileFormat,
    /// How the samples are written, as in [`Picture::to_file`].
    pub encoding: Encoding,
    /// The ICC profile.
    pub profile: Option<&'a [u8]>,
    /// Height and width of the whole picture.
    pub size: Size,
    /// Channels of the picture.
    pub channels: usize,
}

/// Takes the rows of a picture, from top to bottom.
pub trait RowSink {
    /// Writes the next rows.
    ///
    /// # Errors
    /// [`Error::Write`] where they cannot be written.
    fn write(&mut self, rows: &Picture) -> Result<(), Error>;
}

/// The most pixels of a picture in a format that is written as a whole: EXR, JPEG and WebP.
pub const MOST_WHOLE: usize = 64 << 20;

impl RowFile<'_> {
    /// Calls `fill` with a sink for the rows, and completes the file after it. PNG and TIFF are written as the rows come, the
    /// other formats at the end. The pixels are those that [`Picture::to_file`] writes.
    ///
    /// # Errors
    /// That of `fill`; [`Error::Write`] if the picture is too large for the format, has channels or an alpha that it cannot
    /// hold, if rows are missing, or if `to` cannot be written to.
    pub fn write<T, E: From<Error>>(
        &self,
        to: impl Write + Seek,
        fill: impl FnOnce(&mut dyn RowSink) -> Result<T, E>,
    ) -> Result<T, E> {
        self.check().map_err(failed)?;
        let mut to = BufWriter::new(to);
        let value = match self.format {
            FileFormat::Png | FileFormat::Png16 => {
                let mut writer = self.png(&mut to).map_err(failed)?;
                let value = png_rows(&mut writer, self.of_file(), fill)?;
                writer.finish().map_err(|e| failed(e.into()))?;
                value
            }
            FileFormat::Tiff => tiff::rows(self, &mut to, fill)?,
            FileFormat::Exr | FileFormat::Webp | FileFormat::Jpeg => {
                let mut sink = Collected(Vec::new());
                let value = fill(&mut sink)?;
                let bytes = sink.whole()?.to_file(self.format, &self.encoding, self.profile)?;
                to.write_all(&bytes).map_err(failed)?;
                value
            }
        };
        // What the buffer still holds may not fit on the disk.
        to.flush().map_err(failed)?;
        Ok(value)
    }

    /// How the samples of this format stand for values.
    pub(super) fn of_file(&self) -> Encoding {
        self.encoding.of_file(self.format.depth(&self.encoding))
    }

    fn png<W: Write>(&self, to: W) -> Result<png::Writer<W>, IoError> {
        let side = |n: usize| u32::try_from(n).map_err(|_| IoError::other("too large for the format"));
        let mut info = png::Info::with_size(side(self.size.1)?, side(self.size.0)?);
        info.color_type = colour_of_png(self.channels);
        let deep = self.of_file().depth == Depth::Sixteen;
        info.bit_depth = if deep { png::BitDepth::Sixteen } else { png::BitDepth::Eight };
        info.icc_profile = self.profile.map(|profile| Cow::Owned(profile.to_vec()));
        let mut encoder = png::Encoder::with_info(to, info)?;
        encoder.set_compression(png::Compression::Fast);
        Ok(encoder.write_header()?)
    }

    fn check(&self) -> Result<(), IoError> {
        super::check_channels(self.format, self.channels)?;
        let pixels = self.size.0.saturating_mul(self.size.1);
        let whole = matches!(self.format, FileFormat::Exr | FileFormat::Webp | FileFormat::Jpeg);
        if whole && pixels > MOST_WHOLE {
            let most = MOST_WHOLE >> 20;
            return Err(IoError::other(format!(
                "the format holds at most {most} million pixels here; PNG and TIFF hold more"
            )));
        }
        Ok(())
    }
}

fn png_rows<W: Write, T, E: From<Error>>(
    writer: &mut png::Writer<W>,
    encoding: Encoding,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<T, E>,
) -> Result<T, E> {
    let mut sink = PngRows { stream: writer.stream_writer().map_err(|e| failed(e.into()))?, encoding };
    let value = fill(&mut sink)?;
    sink.stream.finish().map_err(|e| failed(e.into()))?;
    Ok(value)
}

/// The error of a file that cannot be written.
pub(super) fn failed<E: From<Error>>(source: IoError) -> E {
    Error::Write { name: "the picture".into(), source }.into()
}

struct PngRows<'a, W: Write> {
    stream: png::StreamWriter<'a, W>,
    encoding: Encoding,
}

impl<W: Write> RowSink for PngRows<'_, W> {
    fn write(&mut self, rows: &Picture) -> Result<(), Error> {
        let values: Vec<u8> = if self.encoding.depth == Depth::Sixteen {
            rows.to_u16(&self.encoding).iter().flat_map(|v| v.to_be_bytes()).collect()
        } else {
            rows.to_u8().into_raw_vec_and_offset().0
        };
        self.stream.write_all(&values).map_err(failed)
    }
}

/// Rows for a format that needs all of them.
struct Collected(Vec<Picture>);

impl RowSink for Collected {
    fn write(&mut self, rows: &Picture) -> Result<(), Error> {
        self.0.push(rows.clone());
        Ok(())
    }
}

impl Collected {
    fn whole(self) -> Result<Picture, Error> {
        let views: Vec<_> = self.0.iter().map(Picture::pixels).collect();
        let whole = concatenate(Axis(0), &views).map_err(|e| failed::<Error>(IoError::other(e)))?;
        Ok(Picture::trusted(whole))
    }
}

/// A small version of a picture whose rows come from top to bottom: the mean of every block of `factor` x `factor` pixels.
#[derive(Debug)]
pub struct Shrunk {
    factor: usize,
    size: Size,
    channels: usize,
    /// Sums and counts of the rows of blocks so far.
    sums: Vec<f64>,
    counts: Vec<u32>,
    rows: usize,
}

impl Shrunk {
    /// Of a picture of this size, with a factor that makes no side longer than `longest`.
    pub fn new(size: Size, channels: usize, longest: usize) -> Self {
        let factor = size.0.max(size.1).div_ceil(longest.max(1)).max(1);
        let pixels = size.0.div_ceil(factor) * size.1.div_ceil(factor);
        Self { factor, size, channels, sums: vec![0.0; pixels * channels], counts: vec![0; pixels], rows: 0 }
    }

    /// Adds the next rows.
    pub fn add(&mut self, rows: &Picture) {
        let across = self.size.1.div_ceil(self.factor);
        for row in rows.pixels().outer_iter() {
            let first = self.rows / self.factor * across;
            for (x, pixel) in row.outer_iter().enumerate() {
                let at = first + x / self.factor;
                // Rows beyond the picture's end are left out.
                let (Some(count), Some(sums)) = (
                    self.counts.get_mut(at),
                    self.sums.get_mut(at * self.channels..(at + 1) * self.channels),
                ) else {
                    return;
                };
                *count += 1;
                sums.iter_mut().zip(pixel).for_each(|(sum, &v)| *sum += f64::from(v));
            }
            self.rows += 1;
        }
    }

    /// The small version.
    pub fn picture(&self) -> Picture {
        let (h, w) = (self.size.0.div_ceil(self.factor), self.size.1.div_ceil(self.factor));
        Picture::trusted(ndarray::Array3::from_shape_fn((h, w, self.channels), |(y, x, c)| {
            let at = y * w + x;
            (self.sums[at * self.channels + c] / f64::from(self.counts[at].max(1))) as f32
        }))
    }
}
