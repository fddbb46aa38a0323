//! Events before and after every launch, while a profile asks for them.

#![allow(unsafe_code)] // a call of the driver that cudarc has no safe form of

use candle_core::cuda_backend::cudarc::driver::{CudaEvent, CudaStream, DriverError, sys};
use std::cell::RefCell;

/// A kernel, what it computes, and events before and after it.
pub(crate) type Spans = Vec<(&'static str, u64, CudaEvent, CudaEvent)>;

thread_local! {
    static SPANS: RefCell<Option<Spans>> = const { RefCell::new(None) };
}

/// Puts events around this thread's launches from here on.
pub(crate) fn begin() {
    SPANS.set(Some(Vec::new()));
}

/// Ends what [`begin`] began, and returns the launches since then.
pub(crate) fn end() -> Spans {
    SPANS.take().unwrap_or_default()
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

/// An event in the stream that becomes a node of the graph, which the CPU may ask for its time.
fn event(stream: &CudaStream) -> std::result::Result<CudaEvent, DriverError> {
    let event = stream.context().new_event(Some(sys::CUevent_flags::CU_EVENT_DEFAULT))?;
    let external = sys::CUevent_record_flags::CU_EVENT_RECORD_EXTERNAL as u32;
    // SAFETY: event and stream are alive, and of the same context.
    unsafe { sys::cuEventRecordWithFlags(event.cu_event(), stream.cu_stream(), external) }.result()?;
    Ok(event)
}
