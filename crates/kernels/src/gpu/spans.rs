//! Records events before and after every launch while a profile is being recorded.

#![allow(unsafe_code)] // a driver function for which cudarc has no safe wrapper

use candle_core::cuda_backend::cudarc::driver::{CudaEvent, CudaStream, DriverError, sys};
use std::cell::RefCell;

/// For each launch the name of the kernel, its floating-point operations, and the events before and after it.
pub(crate) type Spans = Vec<(&'static str, u64, CudaEvent, CudaEvent)>;

thread_local! {
    static SPANS: RefCell<Option<Spans>> = const { RefCell::new(None) };
}

/// Starts recording events around the launches of this thread.
pub(crate) fn begin() {
    SPANS.set(Some(Vec::new()));
}

/// Stops recording and returns the launches since [`begin`].
pub(crate) fn end() -> Spans {
    SPANS.take().unwrap_or_default()
}

/// Calls `launch`; while a profile is being recorded, puts an event before and after it.
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

/// Records an event in the stream. It becomes a node of the graph, and its time can be queried from the CPU.
fn event(stream: &CudaStream) -> std::result::Result<CudaEvent, DriverError> {
    let event = stream.context().new_event(Some(sys::CUevent_flags::CU_EVENT_DEFAULT))?;
    let external = sys::CUevent_record_flags::CU_EVENT_RECORD_EXTERNAL as u32;
    // SAFETY: event and stream are alive and belong to the same context.
    unsafe { sys::cuEventRecordWithFlags(event.cu_event(), stream.cu_stream(), external) }.result()?;
    Ok(event)
}
