//! Work recorded from a GPU's stream as a CUDA graph.
//!
//! Memory that the work allocates belongs to the graph. It is allocated and freed at fixed addresses in the
//! order of the stream, and memory that is free can be used again later in the same graph.

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaGraph, sys};
use candle_core::{CudaDevice, Result};

/// A recorded piece of work.
pub(crate) struct Graph(CudaGraph);

impl Graph {
    /// Starts the recorded work after everything that is already in the stream.
    pub(crate) fn launch(&self) -> Result<()> {
        self.0.launch().w()
    }
}

/// Records `work` without executing it. On failure returns the reason; nothing has been executed then.
pub(crate) fn record<E: std::fmt::Display>(
    gpu: &CudaDevice,
    work: &mut impl FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<Graph, String> {
    let stream = gpu.cuda_stream();
    // In the relaxed mode, loading a kernel while recording is not an error.
    let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
    stream.begin_capture(mode).map_err(|e| format!("recording cannot begin: {e}"))?;
    let done = work();
    // An error recorded in the context must be taken out first: `end_capture` would return it without ending
    // the recording.
    let noted = stream.context().check_err();
    let graph = stream.end_capture(sys::CUgraphInstantiate_flags(0));
    let why = match (done, noted, graph) {
        (Ok(()), Ok(()), Ok(Some(graph))) => match graph.upload() {
            Ok(()) => return Ok(Graph(graph)),
            Err(e) => format!("the recording cannot be sent to the GPU: {e}"),
        },
        (Err(e), _, _) => format!("a step of the work cannot be recorded: {e}"),
        (_, Err(e), _) | (_, _, Err(e)) => format!("recording failed: {e}"),
        (_, _, Ok(None)) => "nothing was recorded".to_string(),
    };
    // Errors of this recording are cleared so that later calls do not report them.
    let _ = stream.context().check_err();
    let _ = stream.synchronize();
    Err(why)
}
