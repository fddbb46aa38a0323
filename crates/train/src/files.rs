//! Files that are whole or not there: written under another name, then renamed.

use crate::{Error, Result};
use candle_core::{Device, Tensor};
use std::collections::HashMap;
use std::path::Path;

/// Writes `bytes` to `path`, and brings them to the disk.
///
/// # Errors
/// [`Error::File`] where the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    Ok(::files::write_synced(path, bytes)?)
}

/// Removes what writers that were killed left in `dir`; not in the directories below it.
pub(crate) fn remove_temporary(dir: &Path) -> Result<()> {
    Ok(::files::remove_temporaries(dir)?)
}

/// Writes named tensors, with one metadata entry if given (more than one would not be written in a stable order).
///
/// # Errors
/// [`Error::File`] where the file cannot be written.
pub fn write_tensors(
    path: &Path,
    tensors: Vec<(String, Tensor)>,
    metadata: Option<(&str, String)>,
) -> Result<()> {
    let metadata = metadata.map(|(key, value)| HashMap::from([(key.to_string(), value)]));
    let bytes = safetensors::serialize(tensors, metadata).map_err(|e| Error::encoding(path)(&e))?;
    write(path, &bytes)
}

/// Reads named tensors and the metadata.
///
/// # Errors
/// [`Error::File`] where the file cannot be read, [`Error::Damaged`] where it is no whole safetensors file.
pub fn read_tensors(
    path: &Path,
    device: &Device,
) -> Result<(HashMap<String, Tensor>, HashMap<String, String>)> {
    let bytes = ::files::read(path, u64::MAX)?;
    let damaged =
        |e: &dyn std::fmt::Display| Error::damaged(path, format!("not a whole safetensors file, {e}"));
    let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).map_err(|e| damaged(&e))?;
    let tensors = candle_core::safetensors::load_buffer(&bytes, device).map_err(|e| damaged(&e))?;
    Ok((tensors, header.metadata().clone().unwrap_or_default()))
}
