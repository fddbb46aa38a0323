//! How long each kernel takes: events before and after every launch, as nodes of a graph. Started one by one, a GPU
//! would wait for the CPU between them, and that would be measured.

use super::graph;
use crate::gpu::spans;
use candle_core::Device;
use candle_core::cuda_backend::WrapErr;

/// What a kernel took, all its launches together.
#[derive(Clone, Debug)]
pub struct KernelTime {
    /// Its name.
    pub kernel: &'static str,
    /// Launches.
    pub launches: usize,
    /// Milliseconds.
    pub milliseconds: f64,
    /// What convolutions computed, counted as direct ones; 0 for other kernels.
    pub gflop: f64,
}

/// What each of this crate's kernels takes in `work`, which is recorded as a CUDA graph with events between its kernels and
/// replayed twice; the second time counts. The longest come first. Kernels of others are not seen.
///
/// # Errors
/// Those of `work`, and where the device is no GPU or cannot record.
pub fn profile<E: From<candle_core::Error> + std::fmt::Display>(
    device: &Device,
    mut work: impl FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<Vec<KernelTime>, E> {
    let Device::Cuda(gpu) = device else {
        return Err(candle_core::Error::Msg("only kernels of a GPU can be timed".into()).into());
    };
    let _uploads_are_kept = gpu.enable_cuda_graph_htod_cache();
    work()?;
    spans::begin();
    let recorded = graph::record(gpu, &mut work);
    let spans = spans::end();
    let graph = recorded.map_err(candle_core::Error::Msg)?;
    graph.launch()?;
    graph.launch()?;
    gpu.cuda_stream().synchronize().w()?;
    let mut times: Vec<KernelTime> = Vec::new();
    for (kernel, flops, begin, end) in &spans {
        let gflop = *flops as f64 / 1e9;
        let milliseconds = f64::from(begin.elapsed_ms(end).w()?);
        match times.iter_mut().find(|t| t.kernel == *kernel) {
            Some(time) => {
                time.launches += 1;
                time.milliseconds += milliseconds;
                time.gflop += gflop;
            }
            None => times.push(KernelTime { kernel, launches: 1, milliseconds, gflop }),
        }
    }
    times.sort_by(|a, b| b.milliseconds.total_cmp(&a.milliseconds));
    Ok(times)
}
