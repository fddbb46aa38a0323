//! Reads the losses of a run from its `events.jsonl`.

use serde_json::Value;
use train::{EVENTS, Losses, Run};

/// The content of the events that the report needs.
#[derive(Default)]
pub(crate) struct Log {
    /// The curves of all stages that have begun, in order.
    pub(crate) stages: Vec<Curves>,
    /// The time when the first stage began, in seconds since 1970.
    pub(crate) begun: Option<f64>,
    /// The time when training ended, in seconds since 1970.
    pub(crate) ended: Option<f64>,
}

/// The losses and events of the training of one stage.
#[derive(Clone, Default)]
pub(crate) struct Curves {
    /// The points (iteration, loss) of each loss, in the order of [`Losses::NAMES`].
    pub(crate) losses: [Vec<(f64, f64)>; 5],
    /// A sentence for each time the collapse guard went back to an earlier iteration.
    pub(crate) notes: Vec<String>,
}

/// Reads the events. Invalid lines, for example in a log that is still being written, are ignored. Without a
/// file there are no curves.
pub(crate) fn read(run: &Run) -> Log {
    let bytes = std::fs::read(run.dir.join(EVENTS)).unwrap_or_default();
    let mut log = Log::default();
    for line in String::from_utf8_lossy(&bytes).lines() {
        if let Ok(event) = serde_json::from_str(line) {
            log.add(&event, run.info.sizes.len());
        }
    }
    log
}

impl Log {
    /// Adds an event of a run with `stages` stages. Events of other stages are ignored.
    fn add(&mut self, event: &Value, stages: usize) {
        let time = event["time"].as_f64();
        match event["event"].as_str() {
            Some("done") => {
                self.ended = time;
                return;
            }
            Some("stage") => self.begun = self.begun.or(time),
            _ => {}
        }
        let Some(stage) = event["stage"].as_u64().map(|k| k as usize).filter(|&k| k < stages) else { return };
        if self.stages.len() <= stage {
            self.stages.resize(stage + 1, Curves::default());
        }
        let curves = &mut self.stages[stage];
        match event["event"].as_str() {
            Some("iteration") => curves.add(event),
            Some("went-back") => curves.go_back(event),
            _ => {}
        }
    }
}

impl Curves {
    fn add(&mut self, event: &Value) {
        let Some(iteration) = event["iteration"].as_f64() else { return };
        self.cut(iteration);
        for (curve, name) in self.losses.iter_mut().zip(Losses::NAMES) {
            curve.extend(event[name].as_f64().filter(|loss| loss.is_finite()).map(|loss| (iteration, loss)));
        }
    }

    fn go_back(&mut self, event: &Value) {
        let (Some(from), Some(to)) = (event["from"].as_u64(), event["to"].as_u64()) else { return };
        let reason = event["reason"].as_str().unwrap_or("it had collapsed");
        self.notes.push(format!(
            "At iteration {from} training went back to iteration {to} with a lower rate: {reason}."
        ));
        self.cut(to as f64 + 1.0);
    }

    /// Removes the points of iteration `from` and later, which are repeated.
    fn cut(&mut self, from: f64) {
        for curve in &mut self.losses {
            while curve.last().is_some_and(|point| point.0 >= from) {
                curve.pop();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn iteration(stage: usize, iteration: usize, loss: Value) -> Value {
        let mut event = json!({"event": "iteration", "stage": stage, "iteration": iteration});
        for name in Losses::NAMES {
            event[name] = loss.clone();
        }
        event
    }

    #[test]
    fn repeated_iterations_are_not_drawn_twice() {
        let mut log = Log::default();
        for (k, loss) in [(1, 1.0), (11, 2.0), (21, 9e9)] {
            log.add(&iteration(0, k, json!(loss)), 2);
        }
        log.add(&json!({"event": "went-back", "stage": 0, "from": 21, "to": 0, "reason": "<b>"}), 2);
        log.add(&iteration(0, 1, json!(1.5)), 2);
        assert_eq!(log.stages[0].losses[3], [(1.0, 1.5)]);
        assert_eq!(log.stages[0].notes.len(), 1);
    }

    #[test]
    fn invalid_events_are_ignored() {
        let mut log = Log::default();
        for event in [
            json!(3),
            json!({}),
            json!({"event": "iteration"}),
            iteration(7, 1, json!(1.0)),
            iteration(0, 1, Value::Null),
        ] {
            log.add(&event, 2);
        }
        assert!(log.stages.iter().all(|s| s.losses.iter().all(Vec::is_empty)));
    }
}
