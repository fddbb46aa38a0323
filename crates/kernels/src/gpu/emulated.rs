//! Executes launches on the CPU, with the source of the kernels compiled as C++, and records them.

#![allow(unsafe_code)] // a call into C++ with raw addresses

use super::{Arg, Buffer, DeviceOp, Grid, Kernel, Limits, Operand, Queue};
use crate::storage::values;
use candle_core::{CpuStorage, Layout, Result, Shape, bail};
use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char, c_void};
use std::marker::PhantomData;

/// The limits of a large GPU.
const LARGE: Limits = Limits { processors: 132, shared: 227 * 1024 };

/// A recorded launch of a kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// The kernel's name.
    pub kernel: &'static str,
    /// Number of blocks along each of the grid's three axes.
    pub blocks: [u32; 3],
    /// The arguments in text form, without those that are addresses.
    pub arguments: Vec<String>,
}

/// What this thread does with operations on CPU tensors.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// The crate `cpu` computes them.
    Off,
    /// Their launches are recorded and executed here.
    Run,
    /// Their launches are only recorded.
    Record,
}

thread_local! {
    static MODE: Cell<Mode> = const { Cell::new(Mode::Off) };
    static LIMITS: Cell<Limits> = const { Cell::new(LARGE) };
    static RECORD: RefCell<Vec<Launch>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C" {
    /// Runs a kernel of `cuda/` by name; returns 0 if there is no such kernel.
    fn kernels_emulated_launch(
        name: *const c_char,
        blocks: *const u32,
        threads: u32,
        shared: usize,
        arguments: *const *const c_void,
    ) -> i32;
}

/// Runs `f` with an emulated GPU of 132 multiprocessors: operations on CPU tensors that this thread starts
/// within `f` run the source of the CUDA kernels instead of the crate `cpu`. Returns the result of `f` and
/// all launches.
pub fn emulate<T>(f: impl FnOnce() -> T) -> (T, Vec<Launch>) {
    emulate_gpu(LARGE.processors, LARGE.shared, f)
}

/// Like [`emulate`], for a GPU with this many multiprocessors and this many bytes of shared memory per block
/// (at most 256 KiB).
pub fn emulate_gpu<T>(multiprocessors: usize, shared: u32, f: impl FnOnce() -> T) -> (T, Vec<Launch>) {
    within(Mode::Run, Limits { processors: multiprocessors, shared }, f)
}

/// The launches of `f` on an emulated GPU, without executing them. The results of operations within `f` are
/// NaN, so that sizes too large to emulate can be checked.
pub fn launches(f: impl FnOnce()) -> Vec<Launch> {
    within(Mode::Record, LARGE, f).1
}

fn within<T>(mode: Mode, limits: Limits, f: impl FnOnce() -> T) -> (T, Vec<Launch>) {
    let outside = (MODE.replace(mode), LIMITS.replace(limits), RECORD.take());
    let result = f();
    MODE.set(outside.0);
    LIMITS.set(outside.1);
    (result, RECORD.replace(outside.2))
}

pub(super) fn limits() -> Limits {
    LIMITS.get()
}

pub(crate) fn active() -> bool {
    MODE.get() != Mode::Off
}

pub(crate) fn run(op: &impl DeviceOp, operands: &[(&CpuStorage, &Layout)]) -> Result<(CpuStorage, Shape)> {
    match op.launch(&Queue::Emulated(PhantomData), &operands_of(operands)?)? {
        (Buffer::Emulated(values), shape) => Ok((CpuStorage::F32(values), shape)),
        #[cfg(feature = "cuda")]
        _ => bail!("a buffer in GPU memory on the CPU"),
    }
}

fn operands_of<'a>(operands: &[(&CpuStorage, &'a Layout)]) -> Result<Vec<Operand<'a>>> {
    let one = |&(storage, layout): &(&CpuStorage, &'a Layout)| {
        Ok(Operand { pointer: address(storage, layout)?, layout })
    };
    operands.iter().map(one).collect()
}

pub(super) fn address(storage: &CpuStorage, layout: &Layout) -> Result<u64> {
    Ok(values(storage, layout)?.as_ptr() as u64)
}

/// The text form of an argument without addresses; `None` for an address.
fn shown(arg: &Arg<'_>) -> Option<String> {
    match *arg {
        Arg::Pointer(_) => None,
        Arg::Table { words, entry, addresses } => {
            let numbers: Vec<&[u64]> = words.chunks(entry).map(|e| &e[addresses.min(e.len())..]).collect();
            Some(format!("{numbers:?}"))
        }
        _ => Some(format!("{arg:?}")),
    }
}

pub(super) fn launch((_, name): Kernel, grid: Grid, args: &[Arg<'_>]) -> Result<()> {
    // A GPU refuses these launches.
    let [x, y, z] = grid.blocks;
    if x == 0 || y == 0 || z == 0 || x > i32::MAX as u32 || y > 65_535 || z > 65_535 {
        bail!("{name}: a GPU refuses a grid of {:?} blocks", grid.blocks)
    }
    if grid.threads > 1024 || grid.shared > limits().shared {
        bail!(
            "{name}: a GPU refuses {} threads and {} bytes of shared memory per block",
            grid.threads,
            grid.shared
        )
    }
    let arguments = args.iter().filter_map(shown).collect();
    RECORD.with_borrow_mut(|r| r.push(Launch { kernel: name, blocks: grid.blocks, arguments }));
    if MODE.get() == Mode::Record {
        return Ok(());
    }

    let slots: Vec<Vec<u64>> = args.iter().map(Arg::slot).collect();
    let pointers: Vec<*const c_void> = slots.iter().map(|s| s.as_ptr().cast()).collect();
    let c_name = CString::new(name).map_err(candle_core::Error::wrap)?;
    // SAFETY: number and types of the arguments are those of the kernel of this name (the tests run every
    // kernel through this function), and the pointers refer to operands and buffers that outlive the call.
    let found = unsafe {
        kernels_emulated_launch(
            c_name.as_ptr(),
            grid.blocks.as_ptr(),
            grid.threads,
            grid.shared as usize,
            pointers.as_ptr(),
        )
    };
    if found == 0 {
        bail!("there is no kernel {name}")
    }
    Ok(())
}
