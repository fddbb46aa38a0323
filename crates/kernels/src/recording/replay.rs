//! Work that is the same each time: done once, recorded the second time, and replayed from then on.
//!
//! A training iteration is some hundred small kernels; started one by one, a GPU waits for the CPU between them. As a CUDA
//! graph they are started all at once. On the CPU nothing is recorded.

use candle_core::Device;

/// A piece of work on a device. It must do the same on the same memory each time: what changes from time to time has to stand
/// in tensors that exist before, nothing may be read back, and nothing that it makes may outlive it.
pub struct Replay {
    #[cfg(feature = "cuda")]
    device: Device,
    state: State,
    failure: Option<String>,
}

/// The environment variable that keeps work from being recorded where it is `off`: to see that it makes no difference.
#[cfg(feature = "cuda")]
const SWITCH: &str = "KERNELS_CUDA_GRAPHS";

enum State {
    /// Done as it is.
    Plain,
    /// Not done yet: the first time loads kernels and finds algorithms.
    #[cfg(feature = "cuda")]
    New,
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
    /// Work on `device`.
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

    /// Does the work, which is `work` each time. Where it cannot be recorded it is done piece by piece, and
    /// [`Replay::failure`] says why.
    ///
    /// # Errors
    /// Those of `work`, and where the GPU cannot replay it.
    pub fn run<E: From<candle_core::Error> + std::fmt::Display>(
        &mut self,
        mut work: impl FnMut() -> Result<(), E>,
    ) -> Result<(), E> {
        match &self.state {
            State::Plain => work(),
            #[cfg(feature = "cuda")]
            State::New => {
                let Device::Cuda(gpu) = &self.device else { return work() };
                // What candle uploads for its own kernels is kept, so that there is nothing to upload while recording.
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

    /// Why the work could not be recorded, if that was found since the last call.
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
