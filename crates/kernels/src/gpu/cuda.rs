//! Carries launches out on a GPU, in its stream.

#![allow(unsafe_code)] // kernels are launched with addresses, into memory that is not initialised

use super::{Arg, Buffer, DeviceOp, Grid, Kernel, Limits, Operand, Queue};
use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaFunction, DevicePtr, LaunchConfig, PushKernelArg, sys};
use candle_core::{CudaDevice, CudaStorage, Device, Layout, Result, Shape, bail};
use std::collections::HashSet;
use std::sync::Mutex;

/// The kernels as the build script compiled them.
#[allow(unreachable_pub)] // written by cudaforge
mod ptx {
    include!(concat!(env!("OUT_DIR"), "/ptx.rs"));
}

/// The GPU number `ordinal` with a stream of its own, on which all work is done in order.
///
/// # Errors
/// Where there is no such GPU, or the kernels were not compiled for it.
pub fn cuda_device(ordinal: usize) -> Result<Device> {
    let device = CudaDevice::new_with_stream(ordinal)?;
    // SAFETY: events keep several streams from overtaking each other; all of this process's work is in one.
    unsafe { device.disable_event_tracking() };
    keep_freed_memory(ordinal);
    // A GPU that the kernels were not compiled for is found here, not in the middle of something.
    device.get_or_load_custom_func("constant", "kernels_pointwise", ptx::POINTWISE)?;
    Ok(Device::Cuda(device))
}

/// Lets the driver keep what is freed for the next use, instead of handing it back whenever the CPU waits for the GPU. It is
/// only faster, so that errors do not matter.
fn keep_freed_memory(ordinal: usize) {
    let mut pool = std::ptr::null_mut();
    let mut all = u64::MAX;
    let threshold = sys::CUmemPool_attribute_enum::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: both calls write to or read from the variables they are given, and the context of this GPU is current: it was
    // made current when the device was opened just before.
    unsafe {
        if sys::cuDeviceGetDefaultMemPool(&mut pool, ordinal as i32) == sys::CUresult::CUDA_SUCCESS {
            let _ = sys::cuMemPoolSetAttribute(pool, threshold, (&raw mut all).cast());
        }
    }
}

/// Bytes of memory of the GPU that a tensor's device is: free and in all.
///
/// # Errors
/// Where the device is no GPU, or the driver fails.
pub fn gpu_memory(device: &Device) -> Result<(usize, usize)> {
    let Device::Cuda(gpu) = device else { bail!("only cards have memory of their own") };
    let stream = gpu.cuda_stream();
    stream.context().mem_get_info().w()
}

pub(super) fn limits(device: &CudaDevice) -> Result<Limits> {
    use sys::CUdevice_attribute_enum as Attribute;
    let stream = device.cuda_stream();
    let attribute = |a| stream.context().attribute(a).w();
    Ok(Limits {
        processors: attribute(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)?.max(1) as usize,
        shared: attribute(Attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)?.max(0) as u32,
    })
}

pub(crate) fn run(op: &impl DeviceOp, operands: &[(&CudaStorage, &Layout)]) -> Result<(CudaStorage, Shape)> {
    let device = operands[0].0.device.clone();
    match op.launch(&Queue::Cuda(&device), &operands_of(operands)?)? {
        (Buffer::Cuda(slice, _), shape) => Ok((CudaStorage::wrap_cuda_slice(slice, device), shape)),
        #[cfg(feature = "emulate")]
        _ => bail!("a buffer of the emulation on a GPU"),
    }
}

fn operands_of<'a>(operands: &[(&CudaStorage, &'a Layout)]) -> Result<Vec<Operand<'a>>> {
    let one = |&(storage, layout): &(&CudaStorage, &'a Layout)| {
        Ok(Operand { pointer: address(storage, layout)?, layout })
    };
    operands.iter().map(one).collect()
}

pub(super) fn address(storage: &CudaStorage, layout: &Layout) -> Result<u64> {
    let Some((from, _)) = layout.contiguous_offsets() else {
        bail!("kernels need contiguous tensors, this one has strides {:?}", layout.stride())
    };
    let slice = storage.as_cuda_slice::<f32>()?;
    let (start, _) = slice.device_ptr(slice.stream());
    Ok(start + 4 * from as u64)
}

pub(super) fn alloc(device: &CudaDevice, len: usize) -> Result<Buffer> {
    // SAFETY: every operation writes each value of its result (new buffers are filled with NaN in the tests).
    let slice = unsafe { device.alloc::<f32>(len) }?;
    let (pointer, _) = slice.device_ptr(slice.stream());
    Ok(Buffer::Cuda(slice, pointer))
}

pub(super) fn launch(
    device: &CudaDevice,
    (module, name): Kernel,
    grid: Grid,
    args: &[Arg<'_>],
) -> Result<()> {
    let source = match module {
        "adam" => ptx::ADAM,
        "conv" => ptx::CONV,
        "conv3x3" => ptx::CONV3X3,
        "loss" => ptx::LOSS,
        "noise" => ptx::NOISE,
        "norm" => ptx::NORM,
        "pointwise" => ptx::POINTWISE,
        "resize" => ptx::RESIZE,
        "weight_grad" => ptx::WEIGHT_GRAD,
        "weight_grad3x3" => ptx::WEIGHT_GRAD3X3,
        _ => bail!("there is no file {module} of kernels"),
    };
    // The modules have names of their own, because candle also has a module `conv`.
    let function = device.get_or_load_custom_func(name, &format!("kernels_{module}"), source)?;
    if grid.shared > 48 * 1024 {
        allow_shared(device, name, &function, grid.shared)?;
    }
    let slots: Vec<Vec<u64>> = args.iter().map(Arg::slot).collect();
    let mut builder = function.builder();
    for slot in &slots {
        // The driver is given the address of the first word; the kernel's signature says how many bytes are read there.
        builder.arg(&slot[0]);
    }
    let [x, y, z] = grid.blocks;
    let config =
        LaunchConfig { grid_dim: (x, y, z), block_dim: (grid.threads, 1, 1), shared_mem_bytes: grid.shared };
    // SAFETY: the arguments are those of the kernel of this name in number and type (the tests call each through the same
    // code), a kernel reads its own type's bytes from the beginning of each slot, and the pointers lead to memory that is
    // freed in the order of the stream, after this launch.
    let launch = || unsafe { builder.launch(config) }.map(|_| ());
    super::spans::watched(&device.cuda_stream(), name, grid.flops, launch).w()
}

/// More shared memory than the 48 KiB that every kernel may have; asked for once, not while a graph is captured.
fn allow_shared(device: &CudaDevice, name: &'static str, function: &CudaFunction, bytes: u32) -> Result<()> {
    static ALLOWED: Mutex<Option<HashSet<(candle_core::cuda_backend::DeviceId, &'static str)>>> =
        Mutex::new(None);
    let mut allowed = ALLOWED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let allowed = allowed.get_or_insert_default();
    if !allowed.contains(&(device.id(), name)) {
        let attribute = sys::CUfunction_attribute_enum::CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES;
        function.set_attribute(attribute, bytes as i32).w()?;
        allowed.insert((device.id(), name));
    }
    Ok(())
}
