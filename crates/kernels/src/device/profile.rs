//! How long each kernel takes: events before and behind every launch.

use candle_core::Result;
use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaEvent, CudaStream, DriverError, sys};
use std::cell::RefCell;
use std::sync::Arc;

/// What a kernel took, all its launches together.
#[derive(Clone, Debug)]
pub struct KernelTime {
    /// Its name.
    pub kernel: &'static str,
    /// Launches.
    pub launches: usize,
    /// Milliseconds.
    pub milliseconds: f64,
}

type Spans = Vec<(&'static str, CudaEvent, CudaEvent)>;

thread_local! {
    static SPANS: RefCell<Option<Spans>> = const { RefCell::new(None) };
}

/// Runs `work` and returns what each of this crate's kernels took that this thread launched in it, the longest first. Kernels
/// of others are not seen. It takes longer than it would unwatched.
pub fn profile<E: From<candle_core::Error>>(
    work: impl FnOnce() -> std::result::Result<(), E>,
) -> std::result::Result<Vec<KernelTime>, E> {
    SPANS.set(Some(Vec::new()));
    let done = work();
    let spans = SPANS.take().unwrap_or_default();
    done?;
    let mut times: Vec<KernelTime> = Vec::new();
    for (kernel, begin, end) in &spans {
        let milliseconds = f64::from(elapsed(begin, end)?);
        match times.iter_mut().find(|t| t.kernel == *kernel) {
            Some(time) => {
                time.launches += 1;
                time.milliseconds += milliseconds;
            }
            None => times.push(KernelTime { kernel, launches: 1, milliseconds }),
        }
    }
    times.sort_by(|a, b| b.milliseconds.total_cmp(&a.milliseconds));
    Ok(times)
}

fn elapsed(begin: &CudaEvent, end: &CudaEvent) -> Result<f32> {
    begin.elapsed_ms(end).w()
}

/// Calls `launch`, between two events while a profile is made.
pub(super) fn watched(
    stream: &Arc<CudaStream>,
    kernel: &'static str,
    launch: impl FnOnce() -> std::result::Result<(), DriverError>,
) -> std::result::Result<(), DriverError> {
    if SPANS.with_borrow(Option::is_none) {
        return launch();
    }
    let event = || stream.record_event(Some(sys::CUevent_flags::CU_EVENT_DEFAULT));
    let begin = event()?;
    launch()?;
    let end = event()?;
    SPANS.with_borrow_mut(|spans| spans.get_or_insert_default().push((kernel, begin, end)));
    Ok(())
}
