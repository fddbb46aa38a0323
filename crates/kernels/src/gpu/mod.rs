//! Launches of the kernels in `cuda/`. The module `cuda` executes them on a GPU. For tests, the module
//! `emulated` executes the same source, compiled as C++, thread by thread on the CPU.
//!
//! An operation that runs on a GPU implements [`DeviceOp`]: it allocates the buffer of its result and
//! launches kernels with a grid and arguments. It does not depend on which of the two modules executes them.

#[cfg(feature = "cuda")]
pub(crate) mod cuda;
#[cfg(feature = "emulate")]
pub(crate) mod emulated;
pub(crate) mod pack;
#[cfg(feature = "cuda")]
pub(crate) mod spans;

use candle_core::{Device, Layout, Result, Shape, Storage, Tensor, bail};

/// A contiguous operand in the memory of a real or emulated GPU. `pointer` is the address of its first value.
pub(crate) struct Operand<'a> {
    pub(crate) pointer: u64,
    pub(crate) layout: &'a Layout,
}

/// An operation with a new tensor as its result.
pub(crate) trait DeviceOp {
    /// Launches the operation on `operands`, which have the order of the operands of the candle operation.
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)>;
}

/// Identifies a kernel: the name of its file in `cuda/` without the extension, and its own name.
pub(crate) type Kernel = (&'static str, &'static str);

/// The properties of a GPU on which the choice of a kernel depends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Number of multiprocessors.
    pub(crate) processors: usize,
    /// Largest shared memory of a block, in bytes.
    pub(crate) shared: u32,
}

/// A kernel's argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Arg<'a> {
    Pointer(u64),
    I32(i32),
    I64(i64),
    U32(u32),
    F32(f32),
    F64(f64),
    /// A struct passed by value that is an array of entries. Each entry has `entry` words of eight bytes; the
    /// first `addresses` of them are addresses.
    Table {
        words: &'a [u64],
        entry: usize,
        addresses: usize,
    },
}

impl Arg<'_> {
    /// The null pointer, for an optional tensor that is absent.
    pub(crate) const NULL: Arg<'static> = Arg::Pointer(0);

    /// The argument in memory: a kernel reads as many bytes from the beginning as its parameter's type has.
    fn slot(&self) -> Vec<u64> {
        let four = |b: [u8; 4]| vec![u64::from_ne_bytes([b[0], b[1], b[2], b[3], 0, 0, 0, 0])];
        match self {
            Arg::Pointer(v) => vec![*v],
            Arg::I64(v) => vec![*v as u64],
            Arg::F64(v) => vec![v.to_bits()],
            Arg::I32(v) => four(v.to_ne_bytes()),
            Arg::U32(v) => four(v.to_ne_bytes()),
            Arg::F32(v) => four(v.to_ne_bytes()),
            Arg::Table { words, .. } => words.to_vec(),
        }
    }
}

impl Operand<'_> {
    pub(crate) fn arg(&self) -> Arg<'static> {
        Arg::Pointer(self.pointer)
    }

    pub(crate) fn len(&self) -> usize {
        self.layout.shape().elem_count()
    }
}

/// A size as an argument, since kernels take sizes as 32-bit integers; an error if it is too large.
pub(crate) fn int(value: usize) -> Result<Arg<'static>> {
    i32::try_from(value).map(Arg::I32).map_err(|_| {
        candle_core::Error::Msg(format!("kernels on a GPU take sizes up to {}, this is {value}", i32::MAX))
    })
}

/// The numbers of blocks and threads of a launch, with its use of other resources.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) blocks: [u32; 3],
    pub(crate) threads: u32,
    /// Bytes of dynamic shared memory.
    pub(crate) shared: u32,
    /// Floating-point operations of a convolution, counted as for a direct one; used only in a profile.
    pub(crate) flops: u64,
}

/// Threads per block of the kernels that work value by value.
const THREADS: usize = 256;

impl Grid {
    /// One thread for each of `n` values, in blocks of 256 threads.
    pub(crate) fn values(n: usize) -> Self {
        Grid::blocks([n.div_ceil(THREADS), 1, 1])
    }

    /// This many blocks of 256 threads along each axis.
    pub(crate) fn blocks(blocks: [usize; 3]) -> Self {
        Grid { blocks: blocks.map(|b| b as u32), threads: THREADS as u32, shared: 0, flops: 0 }
    }
}

/// The destination of launches.
pub(crate) enum Queue<'a> {
    /// The stream of a GPU.
    #[cfg(feature = "cuda")]
    Cuda(&'a candle_core::CudaDevice),
    /// The emulated GPU, which executes a launch immediately.
    #[cfg(feature = "emulate")]
    Emulated(std::marker::PhantomData<&'a ()>),
}

/// Memory that a launch writes to. It may be dropped as soon as all launches that use it are queued.
pub(crate) enum Buffer {
    #[cfg(feature = "cuda")]
    Cuda(candle_core::cuda_backend::cudarc::driver::CudaSlice<f32>, u64),
    #[cfg(feature = "emulate")]
    Emulated(Vec<f32>),
}

impl Buffer {
    pub(crate) fn pointer(&self) -> u64 {
        match self {
            #[cfg(feature = "cuda")]
            Buffer::Cuda(_, pointer) => *pointer,
            #[cfg(feature = "emulate")]
            Buffer::Emulated(values) => values.as_ptr() as u64,
        }
    }

    pub(crate) fn arg(&self) -> Arg<'static> {
        Arg::Pointer(self.pointer())
    }

    /// The address of value `index`.
    pub(crate) fn at(&self, index: usize) -> Arg<'static> {
        Arg::Pointer(self.pointer() + 4 * index as u64)
    }
}

impl Queue<'_> {
    /// An uninitialised buffer of `len` values, all of which must be written.
    pub(crate) fn alloc(&self, len: usize) -> Result<Buffer> {
        match self {
            #[cfg(feature = "cuda")]
            Queue::Cuda(device) => cuda::alloc(device, len),
            #[cfg(feature = "emulate")]
            // NaN makes values visible that a kernel fails to write.
            Queue::Emulated(_) => Ok(Buffer::Emulated(vec![f32::NAN; len])),
        }
    }

    /// An uninitialised buffer of `len` values in f64.
    pub(crate) fn alloc_f64(&self, len: usize) -> Result<Buffer> {
        self.alloc(2 * len)
    }

    /// A tensor that is not among candle's operands of the operation, as an operand.
    pub(crate) fn operand<'t>(&self, tensor: &'t Tensor) -> Result<Operand<'t>> {
        let (storage, layout) = tensor.storage_and_layout();
        let Some(pointer) = self.address(&storage, layout)? else {
            bail!("all operands must be on one device, one of {:?} is not", tensor.shape())
        };
        Ok(Operand { pointer, layout })
    }

    /// The address of the first value of a tensor, or `None` if it is not in the memory of this queue's
    /// device.
    fn address(&self, storage: &Storage, layout: &Layout) -> Result<Option<u64>> {
        match (self, storage) {
            #[cfg(feature = "cuda")]
            (Queue::Cuda(_), Storage::Cuda(storage)) => Ok(Some(cuda::address(storage, layout)?)),
            #[cfg(feature = "emulate")]
            (Queue::Emulated(_), Storage::Cpu(storage)) => Ok(Some(emulated::address(storage, layout)?)),
            _ => Ok(None),
        }
    }

    /// The limits of the GPU.
    pub(crate) fn limits(&self) -> Result<Limits> {
        match self {
            #[cfg(feature = "cuda")]
            Queue::Cuda(device) => cuda::limits(device),
            #[cfg(feature = "emulate")]
            Queue::Emulated(_) => Ok(emulated::limits()),
        }
    }

    /// Launches a kernel.
    pub(crate) fn launch(&self, kernel: Kernel, grid: Grid, args: &[Arg<'_>]) -> Result<()> {
        match self {
            #[cfg(feature = "cuda")]
            Queue::Cuda(device) => cuda::launch(device, kernel, grid, args),
            #[cfg(feature = "emulate")]
            Queue::Emulated(_) => emulated::launch(kernel, grid, args),
        }
    }
}

/// Whether operations on tensors of `device` are kernel launches: on a GPU, and on the CPU while emulation is
/// active.
pub(crate) fn takes(device: &Device) -> bool {
    #[cfg(feature = "emulate")]
    {
        if device.is_cpu() {
            return emulated::active();
        }
    }
    device.is_cuda()
}

/// The queue of a device for which [`takes`] returns true.
pub(crate) fn queue(device: &Device) -> Result<Queue<'_>> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(device) => Ok(Queue::Cuda(device)),
        #[cfg(feature = "emulate")]
        Device::Cpu => Ok(Queue::Emulated(std::marker::PhantomData)),
        _ => bail!("there are no kernels for {device:?}"),
    }
}
