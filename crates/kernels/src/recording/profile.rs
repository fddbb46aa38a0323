//! Measures the time of each kernel with events before and after every launch, as nodes of a CUDA graph.
//! Without a graph, the GPU would wait for the CPU between launches, and the measurement would include that
//! wait.

use super::graph;
use crate::gpu::spans;
use candle_core::Device;
use candle_core::cuda_backend::WrapErr;

/// The total time of all launches of one kernel.
#[derive(Clone, Debug)]
pub struct KernelTime {
    /// The name of the kernel.
    pub kernel: &'static str,
    /// Number of launches.
    pub launches: usize,
    /// Total time in milliseconds.
    pub milliseconds: f64,
    /// 10^9 floating-point operations of convolutions, counted as for a direct convolution; 0 for other
    /// kernels.
    pub gflop: f64,
}

/// The time that each kernel of this crate takes in `work`, in decreasing order. `work` is executed once,
/// recorded as a CUDA graph with events between its kernels, and replayed twice; the second replay is
/// measured. Kernels of other crates are not included.
///
/// # Errors
/// If `device` is not a GPU, if `work` fails or cannot be recorded, or if the GPU fails.
pub fn profile<E: From<candle_core::Error> + std::fmt::Display>(
    device: &Device,
    mut work: impl FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<Vec<KernelTime>, E> {
    let Device::Cuda(gpu) = device else {
        return Err(candle_core::Error::Msg("only kernels on a GPU can be timed".into()).into());
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
