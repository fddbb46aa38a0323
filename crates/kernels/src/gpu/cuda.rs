//! Executes launches on a GPU, in its stream.

#![allow(unsafe_code)] // kernels are launched with raw addresses and write to uninitialised memory

use super::{Arg, Buffer, DeviceOp, Grid, Kernel, Limits, Operand, Queue};
use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaFunction, DevicePtr, LaunchConfig, PushKernelArg, sys};
use candle_core::{CudaDevice, CudaStorage, Device, Layout, Result, Shape, bail};
use std::collections::HashSet;
use std::sync::Mutex;

/// The compiled kernels from the build script.
#[allow(unreachable_pub)] // written by cudaforge
mod ptx {
    include!(concat!(env!("OUT_DIR"), "/ptx.rs"));
}

/// Opens the GPU with number `ordinal`, counted from 0, with a stream of its own in which all work is
/// executed in order.
///
/// # Errors
/// If there is no such GPU, if the CUDA driver cannot be used, or if the kernels were compiled for another
/// GPU architecture.
pub fn cuda_device(ordinal: usize) -> Result<Device> {
    let device = CudaDevice::new_with_stream(ordinal)?;
    // SAFETY: event tracking orders work in several streams; all work of this process on the device is in one
    // stream.
    unsafe { device.disable_event_tracking() };
    keep_freed_memory(ordinal);
    // Loading one kernel reports here, and not later, that the kernels were compiled for another
    // architecture.
    device.get_or_load_custom_func("constant", "kernels_pointwise", ptx::POINTWISE)?;
    Ok(Device::Cuda(device))
}

/// Lets the driver keep freed memory for later use instead of releasing it whenever the CPU waits for the
/// GPU. This affects only the speed, so errors are ignored.
fn keep_freed_memory(ordinal: usize) {
    let mut pool = std::ptr::null_mut();
    let mut all = u64::MAX;
    let threshold = sys::CUmemPool_attribute_enum::CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
    // SAFETY: both calls write to or read from the variables they are given, and the context of this GPU is
    // current: it was made current when the device was opened just before.
    unsafe {
        if sys::cuDeviceGetDefaultMemPool(&mut pool, ordinal as i32) == sys::CUresult::CUDA_SUCCESS {
            let _ = sys::cuMemPoolSetAttribute(pool, threshold, (&raw mut all).cast());
        }
    }
}

/// The free and the total memory of the GPU `device`, in bytes.
///
/// # Errors
/// If `device` is not a GPU, or the driver fails.
pub fn gpu_memory(device: &Device) -> Result<(usize, usize)> {
    let Device::Cuda(gpu) = device else { bail!("only GPUs have memory of their own") };
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
        _ => bail!("a buffer in CPU memory on a GPU"),
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
    // SAFETY: every operation writes each value of its result (the tests run on buffers filled with NaN).
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
        _ => bail!("there is no kernel file {module}"),
    };
    // The prefix avoids a clash of names: candle has a module `conv` as well.
    let function = device.get_or_load_custom_func(name, &format!("kernels_{module}"), source)?;
    if grid.shared > 48 * 1024 {
        allow_shared(device, name, &function, grid.shared)?;
    }
    let slots: Vec<Vec<u64>> = args.iter().map(Arg::slot).collect();
    let mut builder = function.builder();
    for slot in &slots {
        // The address of the first word; the kernel's signature determines how many bytes are read from
        // there.
        builder.arg(&slot[0]);
    }
    let [x, y, z] = grid.blocks;
    let config =
        LaunchConfig { grid_dim: (x, y, z), block_dim: (grid.threads, 1, 1), shared_mem_bytes: grid.shared };
    // SAFETY: number and types of the arguments are those of the kernel of this name (the tests call each
    // kernel through the same code), a kernel reads as many bytes as its parameter's type has from the
    // beginning of each slot, and the pointers refer to memory that is freed in the order of the stream,
    // after this launch.
    let launch = || unsafe { builder.launch(config) }.map(|_| ());
    super::spans::watched(&device.cuda_stream(), name, grid.flops, launch).w()
}

/// Allows a kernel more shared memory than the default limit of 48 KiB. This is done once per device and
/// kernel, so that it does not happen while a graph is recorded.
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
