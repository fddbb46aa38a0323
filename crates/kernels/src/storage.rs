//! Access to candle's CPU storage.

#![allow(unsafe_code)] // vectors are marked as initialised after an operation has written them in full

use candle_core::{CpuStorage, Layout, Result, bail};
use std::mem::MaybeUninit;

/// The values of a contiguous f32 operand.
pub(crate) fn values<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    let Some((from, to)) = layout.contiguous_offsets() else {
        bail!(
            "kernels need contiguous tensors, this one has shape {:?} and strides {:?}",
            layout.dims(),
            layout.stride()
        )
    };
    Ok(&storage.as_slice::<f32>()?[from..to])
}

/// The values of a contiguous f32 operand that is written in place.
pub(crate) fn values_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    let Some((from, to)) = layout.contiguous_offsets() else {
        bail!("kernels write in place to contiguous tensors only, this one has strides {:?}", layout.stride())
    };
    match storage {
        CpuStorage::F32(v) => Ok(&mut v[from..to]),
        _ => bail!("kernels work on f32 tensors"),
    }
}

/// A new buffer of `len` values that `write` fills completely. It is not zeroed first, which would take as
/// long as many of the operations themselves.
pub(crate) fn filled(len: usize, write: impl FnOnce(&mut [MaybeUninit<f32>])) -> CpuStorage {
    let mut v: Vec<f32> = Vec::with_capacity(len);
    write(&mut v.spare_capacity_mut()[..len]);
    // SAFETY: `len` is within the capacity reserved above, and every operation of this crate writes each
    // value of its result (the tests compare all values).
    unsafe { v.set_len(len) };
    CpuStorage::F32(v)
}
