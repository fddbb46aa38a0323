//! Operations as launches of the kernels in `cuda/`: on a GPU (`cuda`), or for tests on the processor, where the same
//! source is compiled as C++ and run thread by thread (`emulated`).
//!
//! An operation that runs on devices implements [`DeviceOp`]: it makes its result's buffer, and says which
//! kernel runs on how many blocks with which arguments. It does not know what carries that out.

#[cfg(feature = "cuda")]
pub(crate) mod cuda;
#[cfg(feature = "emulate")]
pub(crate) mod emulated;
pub(crate) mod pack;
#[cfg(feature = "cuda")]
pub(crate) mod spans;

use candle_core::{Device, Layout, Result, Shape, Storage, Tensor, bail};

/// An operand in the device's memory. `pointer` is where its first value stands; it is contiguous.
pub(crate) struct Operand<'a> {
    pub(crate) pointer: u64,
    pub(crate) layout: &'a Layout,
}

/// An operation with a new tensor as its result.
pub(crate) trait DeviceOp {
    /// Launches it on `operands`, which are in the order of the operation's own.
    fn launch(&self, queue: &Queue<'_>, operands: &[Operand<'_>]) -> Result<(Buffer, Shape)>;
}

/// Which kernel: the file in `cuda/` it stands in, and its name.
pub(crate) type Kernel = (&'static str, &'static str);

/// The properties of a GPU on which the choice of a kernel depends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Multiprocessors.
    pub(crate) processors: usize,
    /// Bytes of shared memory that a block can have.
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
    /// A struct of entries, passed by value. Each entry has `entry` words, of which the first `addresses` are addresses.
    Table {
        words: &'a [u64],
        entry: usize,
        addresses: usize,
    },
}

impl Arg<'_> {
    /// The address that stands for no tensor.
    pub(crate) const NULL: Arg<'static> = Arg::Pointer(0);

    /// The argument as words; the kernel reads its bytes from the beginning of them.
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

/// Sizes as kernels take them.
pub(crate) fn int(value: usize) -> Result<Arg<'static>> {
    i32::try_from(value).map(Arg::I32).map_err(|_| {
        candle_core::Error::Msg(format!("kernels on a device take sizes up to {}, this is {value}", i32::MAX))
    })
}

/// Blocks and threads of a launch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Grid {
    pub(crate) blocks: [u32; 3],
    pub(crate) threads: u32,
    /// Bytes of dynamic shared memory.
    pub(crate) shared: u32,
    /// Multiplications and additions of a convolution, counted as a direct one's, for a profile.
    pub(crate) flops: u64,
}

/// Threads of the kernels that work value by value.
const THREADS: usize = 256;

impl Grid {
    /// One thread for each of `n` values.
    pub(crate) fn values(n: usize) -> Self {
        Grid::blocks([n.div_ceil(THREADS), 1, 1])
    }

    /// This number of blocks of 256 threads.
    pub(crate) fn blocks(blocks: [usize; 3]) -> Self {
        Grid { blocks: blocks.map(|b| b as u32), threads: THREADS as u32, shared: 0, flops: 0 }
    }
}

/// Where launches go.
pub(crate) enum Queue<'a> {
    /// A GPU's stream.
    #[cfg(feature = "cuda")]
    Cuda(&'a candle_core::CudaDevice),
    /// The processor, at once.
    #[cfg(feature = "emulate")]
    Emulated(std::marker::PhantomData<&'a ()>),
}

/// Memory that a launch writes to. It may be dropped as soon as what uses it has been launched.
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
    /// Room for `len` values, which must all be written.
    pub(crate) fn alloc(&self, len: usize) -> Result<Buffer> {
        match self {
            #[cfg(feature = "cuda")]
            Queue::Cuda(device) => cuda::alloc(device, len),
            #[cfg(feature = "emulate")]
            // NaN makes it visible when a kernel forgets to write a value.
            Queue::Emulated(_) => Ok(Buffer::Emulated(vec![f32::NAN; len])),
        }
    }

    /// Room for `len` values in f64.
    pub(crate) fn alloc_f64(&self, len: usize) -> Result<Buffer> {
        self.alloc(2 * len)
    }

    /// A tensor that an operation brings with it.
    pub(crate) fn operand<'t>(&self, tensor: &'t Tensor) -> Result<Operand<'t>> {
        let (storage, layout) = tensor.storage_and_layout();
        let Some(pointer) = self.address(&storage, layout)? else {
            bail!("all operands must be on one device, one of {:?} is not", tensor.shape())
        };
        Ok(Operand { pointer, layout })
    }

    /// Where the values of a tensor begin, if it is in this queue's memory.
    fn address(&self, storage: &Storage, layout: &Layout) -> Result<Option<u64>> {
        match (self, storage) {
            #[cfg(feature = "cuda")]
            (Queue::Cuda(_), Storage::Cuda(storage)) => Ok(Some(cuda::address(storage, layout)?)),
            #[cfg(feature = "emulate")]
            (Queue::Emulated(_), Storage::Cpu(storage)) => Ok(Some(emulated::address(storage, layout)?)),
            _ => Ok(None),
        }
    }

    /// What the GPU has.
    pub(crate) fn limits(&self) -> Result<Limits> {
        match self {
            #[cfg(feature = "cuda")]
            Queue::Cuda(device) => cuda::limits(device),
            #[cfg(feature = "emulate")]
            Queue::Emulated(_) => Ok(emulated::limits()),
        }
    }

    /// Puts a kernel into the queue.
    pub(crate) fn launch(&self, kernel: Kernel, grid: Grid, args: &[Arg<'_>]) -> Result<()> {
        match self {
            #[cfg(feature = "cuda")]
            Queue::Cuda(device) => cuda::launch(device, kernel, grid, args),
            #[cfg(feature = "emulate")]
            Queue::Emulated(_) => emulated::launch(kernel, grid, args),
        }
    }
}

/// Whether operations on tensors of `device` become launches.
pub(crate) fn takes(device: &Device) -> bool {
    #[cfg(feature = "emulate")]
    {
        if device.is_cpu() {
            return emulated::active();
        }
    }
    device.is_cuda()
}

/// The queue of a device for which [`takes`] is true.
pub(crate) fn queue(device: &Device) -> Result<Queue<'_>> {
    match device {
        #[cfg(feature = "cuda")]
        Device::Cuda(device) => Ok(Queue::Cuda(device)),
        #[cfg(feature = "emulate")]
        Device::Cpu => Ok(Queue::Emulated(std::marker::PhantomData)),
        _ => bail!("there are no kernels for {device:?}"),
    }
}
