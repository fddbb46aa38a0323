//! Work recorded from a GPU's stream as a CUDA graph.
//!
//! Memory that the work asks for becomes part of the graph: it is given out and taken back at fixed addresses, in the order of
//! the stream, and used again within the graph where it is free.

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaGraph, sys};
use candle_core::{CudaDevice, Result};

/// A recorded piece of work.
pub(crate) struct Graph(CudaGraph);

impl Graph {
    /// Starts it after all that is in the stream.
    pub(crate) fn launch(&self) -> Result<()> {
        self.0.launch().w()
    }
}

/// Records `work` instead of doing it; or says why that failed, with nothing done.
pub(crate) fn record<E: std::fmt::Display>(
    gpu: &CudaDevice,
    work: &mut impl FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<Graph, String> {
    let stream = gpu.cuda_stream();
    // Relaxed: loading a kernel while recording is no error.
    let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
    stream.begin_capture(mode).map_err(|e| format!("recording cannot begin: {e}"))?;
    let done = work();
    // An error that was noted on the way, else ending the recording returns it and ends nothing.
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
    // What went wrong must not be taken for an error of what follows.
    let _ = stream.context().check_err();
    let _ = stream.synchronize();
    Err(why)
}
