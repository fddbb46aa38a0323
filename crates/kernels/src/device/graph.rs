//! Work recorded from a card's stream as a CUDA graph.
//!
//! Memory that the work asks for becomes part of the graph: it is given out and taken back at fixed addresses, in the order of
//! the stream, and used again within the graph where it is free.

use candle_core::cuda_backend::WrapErr;
use candle_core::cuda_backend::cudarc::driver::{CudaGraph, sys};
use candle_core::{CudaDevice, Result};

/// A recorded piece of work.
pub(crate) struct Graph(CudaGraph);

impl Graph {
    /// Starts it, behind all that is in the stream.
    pub(crate) fn launch(&self) -> Result<()> {
        self.0.launch().w()
    }
}

/// Records `work` instead of doing it; or says why that failed, with nothing done.
pub(crate) fn record<E: From<candle_core::Error>>(
    card: &CudaDevice,
    work: &mut impl FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<Graph, String> {
    let stream = card.cuda_stream();
    // Relaxed: loading a kernel while recording is no error.
    let mode = sys::CUstreamCaptureMode::CU_STREAM_CAPTURE_MODE_RELAXED;
    stream.begin_capture(mode).map_err(|e| format!("recording cannot begin: {e}"))?;
    let done = work();
    let graph = stream.end_capture(sys::CUgraphInstantiate_flags(0));
    let result = match (done, graph) {
        (Ok(()), Ok(Some(graph))) => {
            graph.upload().map_err(|e| format!("the recording cannot be sent to the card: {e}"))?;
            return Ok(Graph(graph));
        }
        (Err(_), _) => Err("a step of the work cannot be recorded".to_string()),
        (_, Ok(None)) => Err("nothing was recorded".to_string()),
        (_, Err(e)) => Err(format!("recording failed: {e}")),
    };
    // What went wrong in between must not be taken for an error of what follows.
    let _ = stream.context().check_err();
    let _ = stream.synchronize();
    result
}
