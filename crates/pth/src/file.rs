//! Files that `torch.save` wrote: lists of tensors or numbers, and state dicts, of today's format and of
//! PyTorch 1.1's.

use crate::error::Reason;
use crate::pickle::{self, Pickle};
use crate::value::{Id, Kind, Parsed, Value, View};
use crate::{Error, Result};
use candle_core::{Device, Tensor};
use std::collections::HashMap;
use std::io::Cursor;
use std::ops::Range;
use std::path::{Path, PathBuf};
use zip::{CompressionMethod, ZipArchive};

/// Longest file that is read, bytes.
const LONGEST: u64 = 1 << 30;

/// What the old format begins with, as a number.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;

/// A file of tensors.
///
/// It is held in memory as a whole; tensors are copied out when they are asked for.
#[derive(Debug)]
pub struct TorchFile {
    path: PathBuf,
    bytes: Vec<u8>,
    pickle: Pickle,
    /// Where each storage's elements lie in `bytes`.
    storages: HashMap<String, Range<usize>>,
}

impl TorchFile {
    /// Reads the file at `path`, of at most 1 GiB. Nothing in it is ever run.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::NotAFile`] and [`Error::Io`] if it cannot be read; [`Error::Damaged`],
    /// [`Error::Unsupported`] and [`Error::Foreign`] if it is not a whole file of tensors.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_path_buf(), source };
        let found = match std::fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::Missing { path: path.to_path_buf() });
            }
            found => found.map_err(io)?,
        };
        if !found.is_file() || found.len() > LONGEST {
            return Err(Error::NotAFile { path: path.to_path_buf(), limit: LONGEST });
        }
        let bytes = std::fs::read(path).map_err(io)?;
        let parsed = if bytes.starts_with(b"PK\x03\x04") { open_zip(&bytes) } else { open_legacy(&bytes) };
        let (pickle, storages) = parsed.map_err(|reason| reason.of(path))?;
        Ok(Self { path: path.to_path_buf(), bytes, pickle, storages })
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tensors of a state dict, on the CPU in `f32`.
    ///
    /// # Errors
    /// [`Error::Unexpected`] if the file holds something else, [`Error::NotFinite`], [`Error::Damaged`] if a
    /// tensor reaches beyond its storage.
    pub fn named(&self) -> Result<HashMap<String, Tensor>> {
        let Value::Dict(entries) = self.pickle.get(self.pickle.root) else {
            return Err(self.unexpected("holds no dict of tensors, a network's state dict was expected"));
        };
        let mut left = self.bytes.len();
        let entry = |(key, value): &(Id, Id)| match self.pickle.get(*key) {
            Value::Text(name) => Ok((name.clone(), self.tensor(*value, name, &mut left)?)),
            _ => Err(self.unexpected("has a tensor without a name, a network's state dict was expected")),
        };
        entries.iter().map(entry).collect()
    }

    /// The tensors of a list, on the CPU in `f32`.
    ///
    /// # Errors
    /// As [`TorchFile::named`].
    pub fn list(&self) -> Result<Vec<Tensor>> {
        let mut left = self.bytes.len();
        let items = self.items("tensors")?.iter().enumerate();
        items.map(|(k, &id)| self.tensor(id, &format!("item {k}"), &mut left)).collect()
    }

    /// The numbers of a list, each as such or as a tensor of one element.
    ///
    /// # Errors
    /// As [`TorchFile::named`].
    pub fn numbers(&self) -> Result<Vec<f64>> {
        let mut left = self.bytes.len();
        let number = |(k, &id): (usize, &Id)| {
            let x = match self.pickle.get(id) {
                Value::Int(n) => *n as f64,
                Value::Float(x) => *x,
                Value::Tensor(view) if view.shape.iter().all(|&n| n == 1) => {
                    let tensor = self.tensor(id, &format!("item {k}"), &mut left)?;
                    f64::from(tensor.flatten_all()?.to_vec1::<f32>()?[0])
                }
                _ => return Err(self.unexpected(format!("item {k} is no number"))),
            };
            if x.is_finite() { Ok(x) } else { Err(self.not_finite(&format!("item {k}"))) }
        };
        self.items("numbers")?.iter().enumerate().map(number).collect()
    }

    fn unexpected(&self, reason: impl Into<String>) -> Error {
        Error::Unexpected { path: self.path.clone(), reason: reason.into() }
    }

    fn not_finite(&self, name: &str) -> Error {
        Error::NotFinite { path: self.path.clone(), name: name.into() }
    }

    fn items(&self, what: &str) -> Result<&[Id]> {
        match self.pickle.get(self.pickle.root) {
            Value::List(items) | Value::Tuple(items) => Ok(items),
            _ => Err(self.unexpected(format!("holds no list of {what}"))),
        }
    }

    /// Copies a tensor out. All of a file's tensors together may have `left` elements: as many as it has
    /// bytes, or a small file could ask for any amount of memory by naming one storage again and again.
    fn tensor(&self, id: Id, name: &str, left: &mut usize) -> Result<Tensor> {
        let Value::Tensor(view) = self.pickle.get(id) else {
            return Err(self.unexpected(format!("{name} is no tensor")));
        };
        let values = self.values(view, left).map_err(|reason| reason.of_tensor(&self.path, name))?;
        if values.iter().any(|v| !v.is_finite()) {
            return Err(self.not_finite(name));
        }
        Ok(Tensor::from_vec(values, view.shape.as_slice(), &Device::Cpu)?)
    }

    fn values(&self, view: &View, left: &mut usize) -> Parsed<Vec<f32>> {
        let View { storage, offset, shape, strides } = view;
        let range = self.storages.get(&storage.key).ok_or("lies in a storage that the file does not hold")?;
        let elements = (range.len() / storage.kind.size()).min(storage.len);
        let count = shape.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim));
        let count = count.filter(|&n| n <= elements.min(*left)).ok_or("is larger than its storage")?;
        *left -= count;
        if strides.len() != shape.len() {
            return Err("has a shape that makes no sense".into());
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let step =
            |last: usize, (&dim, &stride): (&usize, &usize)| last.checked_add((dim - 1).checked_mul(stride)?);
        let last = shape.iter().zip(strides).try_fold(*offset, step);
        if last.is_none_or(|last| last >= elements) {
            return Err("reaches beyond its storage".into());
        }
        let (bytes, kind) = (&self.bytes[range.clone()], storage.kind);
        Ok(Positions { shape, strides, index: vec![0; shape.len()], at: *offset }
            .take(count)
            .map(|at| element(bytes, kind, at))
            .collect())
    }
}

fn element(bytes: &[u8], kind: Kind, at: usize) -> f32 {
    let size = kind.size();
    kind.value(&bytes[at * size..(at + 1) * size]) as f32
}

/// The places of a tensor's elements in its storage, row by row, again and again.
struct Positions<'a> {
    shape: &'a [usize],
    strides: &'a [usize],
    index: Vec<usize>,
    at: usize,
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let at = self.at;
        for axis in (0..self.shape.len()).rev() {
            self.index[axis] += 1;
            self.at += self.strides[axis];
            if self.index[axis] < self.shape[axis] {
                break;
            }
            self.at -= self.shape[axis] * self.strides[axis];
            self.index[axis] = 0;
        }
        Some(at)
    }
}

type Contents = (Pickle, HashMap<String, Range<usize>>);

/// Today's format: a zip archive of `NAME/data.pkl` and `NAME/data/KEY`, a storage each, nothing compressed.
fn open_zip(bytes: &[u8]) -> Parsed<Contents> {
    let broken = |e: zip::result::ZipError| Reason::Damaged(format!("is no whole zip archive ({e})"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    let (mut pickle, mut entries, mut total) = (None, Vec::new(), 0u64);
    for index in 0..archive.len() {
        let mut entry = archive.by_index_raw(index).map_err(broken)?;
        let (name, size) = (entry.name().map_err(broken)?.into_owned(), entry.size());
        if entry.compression() != CompressionMethod::Stored
            || entry.encrypted()
            || size != entry.compressed_size()
        {
            return Err(Reason::Unsupported(format!(
                "has the compressed entry {name}, which torch.save does not write"
            )));
        }
        // Entries that overlap could make a small file large.
        total = total.saturating_add(size);
        if total > bytes.len() as u64 {
            return Err("has entries that are longer than it is".into());
        }
        let start = entry.data_start().and_then(|start| usize::try_from(start).ok());
        let range = start.and_then(|start| Some(start..start.checked_add(size as usize)?));
        let range = range.filter(|r| r.end <= bytes.len()).ok_or("has an entry beyond its end")?;
        drop(entry);
        // Its checksum is looked at where it is read to its end.
        entry = archive.by_index(index).map_err(broken)?;
        std::io::copy(&mut entry, &mut std::io::sink())
            .map_err(|e| format!("has the broken entry {name} ({e})"))?;
        if let Some((folder, "data.pkl")) = name.split_once('/') {
            pickle = Some((folder.to_string(), range.clone()));
        }
        entries.push((name, range));
    }
    let (folder, range) =
        pickle.ok_or("is a zip archive without data.pkl, which torch.save does not write")?;
    let in_folder = |name: &str| name.strip_prefix(&folder)?.strip_prefix('/').map(str::to_string);
    if let Some((_, order)) = entries.iter().find(|(name, _)| in_folder(name).as_deref() == Some("byteorder"))
        && bytes[order.clone()] != *b"little"
    {
        return Err(Reason::Unsupported(BIG_ENDIAN.into()));
    }
    let key = |name: &str| in_folder(name)?.strip_prefix("data/").map(str::to_string);
    let storages = entries.iter().filter_map(|(name, range)| Some((key(name)?, range.clone()))).collect();
    Ok((pickle::read(&bytes[range])?, storages))
}

const BIG_ENDIAN: &str = "was written on a big-endian machine";

/// The format of PyTorch 1.1: pickles of a magic number, the protocol's version, facts about the machine, the
/// objects and the storages' keys; then each storage's number of elements in 8 bytes, and its elements.
fn open_legacy(bytes: &[u8]) -> Parsed<Contents> {
    let mut at = 0;
    let mut next = || {
        let pickle = pickle::read(&bytes[at..])?;
        at += pickle.length;
        Ok::<Pickle, Reason>(pickle)
    };
    let number = |pickle: &Pickle| match pickle.get(pickle.root) {
        Value::Int(n) => Some(*n),
        _ => None,
    };
    let alien = "is no file that torch.save wrote";
    if bytes.first() != Some(&0x80) || number(&next()?) != Some(MAGIC) {
        return Err(alien.into());
    }
    if number(&next()?) != Some(1001) {
        return Err(Reason::Unsupported("is of an unknown version of PyTorch's old format".into()));
    }
    let machine = next()?;
    let Value::Dict(facts) = machine.get(machine.root) else {
        return Err("does not say which machine wrote it".into());
    };
    let little = |(key, value): &(Id, Id)| match (machine.get(*key), machine.get(*value)) {
        (Value::Text(key), Value::Bool(little)) if key == "little_endian" => Some(*little),
        _ => None,
    };
    if facts.iter().find_map(little) != Some(true) {
        return Err(Reason::Unsupported(BIG_ENDIAN.into()));
    }
    let pickle = next()?;
    let keys = next()?;
    let Value::List(list) = keys.get(keys.root) else { return Err("does not list its storages".into()) };

    let kinds: HashMap<&str, Kind> = pickle.objects.iter().filter_map(storage_kind).collect();
    let mut storages = HashMap::new();
    for &id in list {
        let Value::Text(key) = keys.get(id) else { return Err("does not list its storages".into()) };
        let kind = kinds.get(key.as_str()).ok_or("lists a storage that nothing uses")?;
        let head =
            bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()).ok_or("ends before its storages do")?;
        let length = usize::try_from(u64::from_le_bytes(*head)).ok().and_then(|n| n.checked_mul(kind.size()));
        let start = at + 8;
        let end = length.and_then(|n| start.checked_add(n)).filter(|&end| end <= bytes.len());
        at = end.ok_or("ends before its storages do")?;
        storages.insert(key.clone(), start..at);
    }
    Ok((pickle, storages))
}

fn storage_kind(value: &Value) -> Option<(&str, Kind)> {
    match value {
        Value::Storage(storage) => Some((storage.key.as_str(), storage.kind)),
        _ => None,
    }
}
