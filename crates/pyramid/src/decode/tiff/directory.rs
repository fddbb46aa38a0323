//! The directory of a TIFF file.

/// The file with another PhotometricInterpretation in the directory at `start`; `None` where there is none.
pub(super) fn with_photometric(bytes: &[u8], start: usize, value: u16) -> Option<Vec<u8>> {
    let little = bytes.starts_with(b"II");
    let big = bytes.get(if little { 2 } else { 3 })? == &0x2b;
    let number = |at: usize, len: usize| {
        let bytes = bytes.get(at..at.checked_add(len)?)?;
        let join = |sum: u64, byte: &u8| sum << 8 | u64::from(*byte);
        Some(if little { bytes.iter().rev().fold(0, join) } else { bytes.iter().fold(0, join) })
    };
    let (count, first, entry, at_value) =
        if big { (number(start, 8)?, start + 8, 20, 12) } else { (number(start, 2)?, start + 2, 12, 8) };
    let at = (0..count as usize)
        .map_while(|index| first.checked_add(index.checked_mul(entry)?))
        .find(|&at| number(at, 2) == Some(262))?
        + at_value;
    let mut patched = bytes.to_vec();
    let value = if little { value.to_le_bytes() } else { value.to_be_bytes() };
    patched.get_mut(at..at + 2)?.copy_from_slice(&value);
    Some(patched)
}
