//! How long each kernel takes: events before and behind every launch, as nodes of a graph. Started one by one, a card
//! would wait for the host between them, and that would be measured.

#![allow(unsafe_code)] // a call of the driver that cudarc has no safe form of

use candle_core::Device;
use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaEvent, CudaStream, DriverError, sys};
use std::cell::RefCell;

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

/// A kernel, what it computes, and events before and behind it.
type Spans = Vec<(&'static str, u64, CudaEvent, CudaEvent)>;

thread_local! {
    static SPANS: RefCell<Option<Spans>> = const { RefCell::new(None) };
}

/// What each of this crate's kernels takes in `work`, which is recorded as a CUDA graph with events between its kernels and
/// replayed twice; the second time counts. The longest come first. Kernels of others are not seen.
pub fn profile<E: From<candle_core::Error> + std::fmt::Display>(
    device: &Device,
    mut work: impl FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<Vec<KernelTime>, E> {
    let Device::Cuda(card) = device else {
        return Err(candle_core::Error::Msg("only kernels of cards can be timed".into()).into());
    };
    let _uploads_are_kept = card.enable_cuda_graph_htod_cache();
    work()?;
    SPANS.set(Some(Vec::new()));
    let recorded = super::graph::record(card, &mut work);
    let spans = SPANS.take().unwrap_or_default();
    let graph = recorded.map_err(candle_core::Error::Msg)?;
    graph.launch()?;
    graph.launch()?;
    card.cuda_stream().synchronize().w()?;
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

/// Calls `launch`, between two events while a profile is recorded.
pub(super) fn watched(
    stream: &CudaStream,
    kernel: &'static str,
    flops: u64,
    launch: impl FnOnce() -> std::result::Result<(), DriverError>,
) -> std::result::Result<(), DriverError> {
    if SPANS.with_borrow(Option::is_none) {
        return launch();
    }
    let begin = event(stream)?;
    launch()?;
    let end = event(stream)?;
    SPANS.with_borrow_mut(|spans| spans.get_or_insert_default().push((kernel, flops, begin, end)));
    Ok(())
}

/// An event in the stream that becomes a node of the graph, which the host may ask for its time.
fn event(stream: &CudaStream) -> std::result::Result<CudaEvent, DriverError> {
    let event = stream.context().new_event(Some(sys::CUevent_flags::CU_EVENT_DEFAULT))?;
    let external = sys::CUevent_record_flags::CU_EVENT_RECORD_EXTERNAL as u32;
    // SAFETY: event and stream are alive, and of the same context.
    unsafe { sys::cuEventRecordWithFlags(event.cu_event(), stream.cu_stream(), external) }.result()?;
    Ok(event)
}
