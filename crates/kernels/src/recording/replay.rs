//! Work that is identical each time: executed directly the first time, recorded the second time, and replayed
//! from then on.
//!
//! A training iteration consists of several hundred small kernels. If they are started one by one, the GPU
//! waits for the CPU between them. A CUDA graph starts all of them at once. On the CPU nothing is recorded.

use candle_core::Device;

/// Repeated work on a device. The work must do the same on the same memory each time: inputs that change must
/// be in tensors that exist beforehand, no values may be read back to the CPU, and no tensor that it creates
/// may outlive it.
pub struct Replay {
    #[cfg(feature = "cuda")]
    device: Device,
    state: State,
    failure: Option<String>,
}

/// The environment variable that disables recording when set to `off`, to check that recording does not
/// change results.
#[cfg(feature = "cuda")]
const SWITCH: &str = "KERNELS_CUDA_GRAPHS";

enum State {
    /// Never recorded.
    Plain,
    /// Not executed yet. The first execution loads kernels and selects algorithms, which cannot be recorded.
    #[cfg(feature = "cuda")]
    New,
    /// Executed once; the next execution is recorded.
    #[cfg(feature = "cuda")]
    Warm,
    #[cfg(feature = "cuda")]
    Recorded(super::graph::Graph),
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").field("failure", &self.failure).finish_non_exhaustive()
    }
}

impl Replay {
    /// For work on `device`.
    pub fn new(device: &Device) -> Self {
        #[cfg(feature = "cuda")]
        {
            let refused = std::env::var_os(SWITCH).is_some_and(|v| v == "off");
            let state = if device.is_cuda() && !refused { State::New } else { State::Plain };
            Replay { device: device.clone(), state, failure: None }
        }
        #[cfg(not(feature = "cuda"))]
        {
            let _ = device;
            Replay { state: State::Plain, failure: None }
        }
    }

    /// Executes `work`, which must be the same at every call. If it cannot be recorded it is executed
    /// directly, and [`Replay::failure`] returns the reason.
    ///
    /// # Errors
    /// If `work` fails when executed directly, or if the GPU cannot start the recorded work.
    pub fn run<E: From<candle_core::Error> + std::fmt::Display>(
        &mut self,
        mut work: impl FnMut() -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.state {
            State::Plain => work(),
            #[cfg(feature = "cuda")]
            State::New => {
                let Device::Cuda(gpu) = &self.device else { return work() };
                // Data that candle uploads for its own kernels is cached, so that nothing has to be uploaded
                // while recording.
                let _uploads_are_kept = gpu.enable_cuda_graph_htod_cache();
                self.state = State::Warm;
                work()
            }
            #[cfg(feature = "cuda")]
            State::Warm => {
                let Device::Cuda(gpu) = &self.device else { return work() };
                let recorded = {
                    let _uploads_are_kept = gpu.enable_cuda_graph_htod_cache();
                    super::graph::record(gpu, &mut work)
                };
                match recorded {
                    Ok(graph) => {
                        graph.launch()?;
                        self.state = State::Recorded(graph);
                        Ok(())
                    }
                    Err(why) => {
                        self.state = State::Plain;
                        self.failure = Some(why);
                        work()
                    }
                }
            }
            #[cfg(feature = "cuda")]
            State::Recorded(graph) => Ok(graph.launch()?),
        }
    }

    /// The reason why the work could not be recorded, if a recording failed since the last call.
    pub fn failure(&mut self) -> Option<String> {
        self.failure.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_done_every_time() {
        let (mut replay, mut count) = (Replay::new(&Device::Cpu), 0);
        for _ in 0..5 {
            replay
                .run(|| {
                    count += 1;
                    Ok::<(), candle_core::Error>(())
                })
                .expect("done");
        }
        assert_eq!((count, replay.failure()), (5, None));
    }
}
