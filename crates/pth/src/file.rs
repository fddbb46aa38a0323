//! Reads files written by `torch.save`: lists of tensors or numbers, and state dicts, in the current format
//! and in the format of PyTorch 1.5 and earlier.

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

/// The largest file that is read, in bytes.
const LONGEST: u64 = 1 << 30;

/// The number at the start of a file in the old format.
const MAGIC: i128 = 0x1950_a86a_20f9_469c_fc6c;

/// A file of tensors.
///
/// The whole file is held in memory; tensors are copied from it on request.
#[derive(Debug)]
pub struct TorchFile {
    path: PathBuf,
    bytes: Vec<u8>,
    pickle: Pickle,
    /// The range in `bytes` of the elements of each storage, by the key of the storage.
    storages: HashMap<String, Range<usize>>,
}

impl TorchFile {
    /// Reads the file at `path`, of at most 1 GiB. No code from the file is ever run.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::NotAFile`] and [`Error::Io`] if it cannot be read; [`Error::Damaged`],
    /// [`Error::Unsupported`] and [`Error::Foreign`] if it is not a whole file of tensors.
    pub fn open(path: &Path) -> Result<Self> {
        let io = |source| Error::Io { path: path.to_path_buf(), source };
        let metadata = match std::fs::metadata(path) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                return Err(Error::Missing { path: path.to_path_buf() });
            }
            metadata => metadata.map_err(io)?,
        };
        if !metadata.is_file() || metadata.len() > LONGEST {
            return Err(Error::NotAFile { path: path.to_path_buf(), limit: LONGEST });
        }
        let bytes = std::fs::read(path).map_err(io)?;
        let parsed = if bytes.starts_with(b"PK\x03\x04") { open_zip(&bytes) } else { open_legacy(&bytes) };
        let (pickle, storages) = parsed.map_err(|reason| reason.of(path))?;
        Ok(Self { path: path.to_path_buf(), bytes, pickle, storages })
    }

    /// The path of the file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The tensors of a state dict by name, on the CPU in `f32`.
    ///
    /// # Errors
    /// [`Error::Unexpected`] if the file holds something else, [`Error::NotFinite`], [`Error::Damaged`] if a
    /// tensor reaches beyond its storage.
    pub fn named(&self) -> Result<HashMap<String, Tensor>> {
        let Value::Dict(entries) = self.pickle.get(self.pickle.root) else {
            return Err(self.unexpected("holds no dict of tensors, a network's state dict was expected"));
        };
        let mut remaining = self.bytes.len();
        let entry = |(key, value): &(Id, Id)| match self.pickle.get(*key) {
            Value::Text(name) => Ok((name.clone(), self.tensor(*value, name, &mut remaining)?)),
            _ => Err(self.unexpected("has a tensor without a name, a network's state dict was expected")),
        };
        entries.iter().map(entry).collect()
    }

    /// The tensors of a list or tuple, in its order, on the CPU in `f32`.
    ///
    /// # Errors
    /// As [`TorchFile::named`].
    pub fn list(&self) -> Result<Vec<Tensor>> {
        let mut remaining = self.bytes.len();
        let items = self.items("tensors")?.iter().enumerate();
        items.map(|(k, &id)| self.tensor(id, &format!("item {k}"), &mut remaining)).collect()
    }

    /// The numbers of a list or tuple, in its order. Each item is a number or a tensor of one element.
    ///
    /// # Errors
    /// As [`TorchFile::named`].
    pub fn numbers(&self) -> Result<Vec<f64>> {
        let mut remaining = self.bytes.len();
        let number = |(k, &id): (usize, &Id)| {
            let x = match self.pickle.get(id) {
                Value::Int(n) => *n as f64,
                Value::Float(x) => *x,
                Value::Tensor(view) if view.shape.iter().all(|&n| n == 1) => {
                    let tensor = self.tensor(id, &format!("item {k}"), &mut remaining)?;
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

    /// The numbers of the items of the list or tuple that the file contains.
    fn items(&self, what: &str) -> Result<&[Id]> {
        match self.pickle.get(self.pickle.root) {
            Value::List(items) | Value::Tuple(items) => Ok(items),
            _ => Err(self.unexpected(format!("holds no list of {what}"))),
        }
    }

    /// Copies a tensor from the file and subtracts its number of elements from `remaining`, which must not
    /// fall below 0. All tensors of a file together may have as many elements as the file has bytes.
    /// Otherwise a small file could ask for any amount of memory by referring to the same storage many times.
    fn tensor(&self, id: Id, name: &str, remaining: &mut usize) -> Result<Tensor> {
        let Value::Tensor(view) = self.pickle.get(id) else {
            return Err(self.unexpected(format!("{name} is no tensor")));
        };
        let values = self.values(view, remaining).map_err(|reason| reason.of_tensor(&self.path, name))?;
        if values.iter().any(|v| !v.is_finite()) {
            return Err(self.not_finite(name));
        }
        Ok(Tensor::from_vec(values, view.shape.as_slice(), &Device::Cpu)?)
    }

    /// The elements of a view in row-major order, after a check that they all lie in the storage.
    fn values(&self, view: &View, remaining: &mut usize) -> Parsed<Vec<f32>> {
        let View { storage, offset, shape, strides } = view;
        let range = self.storages.get(&storage.key).ok_or("lies in a storage that the file does not hold")?;
        let elements = (range.len() / storage.kind.size()).min(storage.len);
        let count = shape.iter().try_fold(1usize, |n, &dim| n.checked_mul(dim));
        let count = count.filter(|&n| n <= elements.min(*remaining)).ok_or("is larger than its storage")?;
        *remaining -= count;
        if strides.len() != shape.len() {
            return Err("has a shape that makes no sense".into());
        }
        if count == 0 {
            return Ok(Vec::new());
        }
        let add_axis =
            |last: usize, (&dim, &stride): (&usize, &usize)| last.checked_add((dim - 1).checked_mul(stride)?);
        let last = shape.iter().zip(strides).try_fold(*offset, add_axis);
        if last.is_none_or(|last| last >= elements) {
            return Err("reaches beyond its storage".into());
        }
        let (bytes, kind) = (&self.bytes[range.clone()], storage.kind);
        Ok(Positions { shape, strides, index: vec![0; shape.len()], position: *offset }
            .take(count)
            .map(|position| element(bytes, kind, position))
            .collect())
    }
}

/// The element at a position of a storage with these bytes.
fn element(bytes: &[u8], kind: Kind, position: usize) -> f32 {
    let size = kind.size();
    kind.value(&bytes[position * size..(position + 1) * size]) as f32
}

/// The positions of the elements of a tensor in its storage, row by row. The iterator starts again after the
/// last element and never ends.
struct Positions<'a> {
    shape: &'a [usize],
    strides: &'a [usize],
    /// The index of the next element along each axis.
    index: Vec<usize>,
    /// The position of the next element.
    position: usize,
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let position = self.position;
        for axis in (0..self.shape.len()).rev() {
            self.index[axis] += 1;
            self.position += self.strides[axis];
            if self.index[axis] < self.shape[axis] {
                break;
            }
            self.position -= self.shape[axis] * self.strides[axis];
            self.index[axis] = 0;
        }
        Some(position)
    }
}

type Contents = (Pickle, HashMap<String, Range<usize>>);

/// Reads the current format: a zip archive without compression, which contains `NAME/data.pkl` and one entry
/// `NAME/data/KEY` per storage.
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
        // Overlapping entries could make a small file expand to a large one.
        total = total.saturating_add(size);
        if total > bytes.len() as u64 {
            return Err("has entries that are longer than it is".into());
        }
        let start = entry.data_start().and_then(|start| usize::try_from(start).ok());
        let range = start.and_then(|start| Some(start..start.checked_add(size as usize)?));
        let range = range.filter(|r| r.end <= bytes.len()).ok_or("has an entry beyond its end")?;
        drop(entry);
        // The zip reader checks the checksum of an entry only when the entry is read to its end.
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

/// Reads the format of PyTorch 1.5 and earlier. It consists of five pickles: a magic number, the version of
/// the protocol, facts about the machine, the objects, and the keys of the storages. The storages follow: the
/// number of elements in 8 bytes, then the elements.
fn open_legacy(bytes: &[u8]) -> Parsed<Contents> {
    let mut position = 0;
    let mut next = || {
        let pickle = pickle::read(&bytes[position..])?;
        position += pickle.length;
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
        let count_bytes = bytes
            .get(position..)
            .and_then(|rest| rest.first_chunk::<8>())
            .ok_or("ends before its storages do")?;
        let length =
            usize::try_from(u64::from_le_bytes(*count_bytes)).ok().and_then(|n| n.checked_mul(kind.size()));
        let start = position + 8;
        let end = length.and_then(|n| start.checked_add(n)).filter(|&end| end <= bytes.len());
        position = end.ok_or("ends before its storages do")?;
        storages.insert(key.clone(), start..position);
    }
    Ok((pickle, storages))
}

/// The key and element type of an object, if it is a storage.
fn storage_kind(value: &Value) -> Option<(&str, Kind)> {
    match value {
        Value::Storage(storage) => Some((storage.key.as_str(), storage.kind)),
        _ => None,
    }
}
