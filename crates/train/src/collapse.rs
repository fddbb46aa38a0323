//! What training that went wrong looks like, and what of it the guard acts on.

use crate::{Losses, TrainConfig};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A loss beyond this has exploded; healthy ones stay within some hundreds.
const EXPLODED: f32 = 1e5;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Collapse {
    /// A loss is NaN or infinite.
    NotANumber(&'static str),
    /// A loss has exploded.
    Exploded(&'static str, f32),
    /// Samples hardly vary; the number is their deviation relative to the picture's.
    Flat(f64),
    /// The reconstruction is further from the picture than a picture of its mean colour would be; the number is how many
    /// times as far, in squared error.
    Lost(f64),
}

/// What the guard acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GuardKind {
    /// Losses that are no numbers or have exploded.
    Numeric,
    /// Those, and samples gone flat (all black is the usual way).
    All,
}

/// The learning rate's scale with which training hardly ever collapses, that of the paper.
const CALM_LR_SCALE: f64 = 0.1;

/// The settings that help against a collapse and that `config` does not have yet: their names with values to try. Batch norm
/// helps most; a scale that is low already is lowered further.
pub fn calmer_settings(config: &TrainConfig) -> Vec<(&'static str, String)> {
    let (mut settings, usual) = (Vec::new(), TrainConfig::default());
    for (name, rate, usual) in [("lr-g", config.lr_g, usual.lr_g), ("lr-d", config.lr_d, usual.lr_d)] {
        if rate > usual {
            settings.push((name, format!("{usual}")));
        }
    }
    if !config.batch_norm {
        settings.push(("batch-norm", "true".into()));
    }
    let calm = if config.lr_scale > CALM_LR_SCALE { CALM_LR_SCALE } else { config.lr_scale / 10.0 };
    settings.push(("lr-scale", format!("{calm}")));
    settings
}

impl fmt::Display for Collapse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotANumber(loss) => write!(f, "the loss {loss} is not a number"),
            Self::Exploded(loss, value) => write!(f, "the loss {loss} has exploded ({value:e})"),
            Self::Flat(deviation) => {
                write!(f, "samples have gone flat ({deviation:.4} of the picture's contrast)")
            }
            Self::Lost(times) => {
                write!(f, "the reconstruction is lost ({times:.1} times the error of the mean colour)")
            }
        }
    }
}

impl Collapse {
    /// Whether losses tell that training has gone wrong; `lambda` is the penalty's weight, which is taken out. The
    /// reconstruction's error cannot explode: both pictures lie in [-1, 1].
    pub(crate) fn of_losses(losses: &Losses, lambda: f64) -> Option<Self> {
        if let Some((name, _)) = losses.named().into_iter().find(|(_, loss)| !loss.is_finite()) {
            return Some(Self::NotANumber(name));
        }
        let gradient_penalty = losses.gradient_penalty / lambda.max(f64::MIN_POSITIVE) as f32;
        let unweighted = Losses { gradient_penalty, reconstruction: 0.0, ..*losses };
        let exploded = |(_, loss): &(&str, f32)| loss.is_finite() && loss.abs() > EXPLODED;
        let found = unweighted.named().into_iter().find(exploded);
        found.map(|(name, loss)| Self::Exploded(name, loss))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_judged_by_name() {
        let healthy = Losses {
            d_real: 1.0,
            d_fake: -300.0,
            gradient_penalty: 0.0,
            g_adversarial: 2.0,
            reconstruction: 3.0,
        };
        let judged = |losses: Losses, lambda| Collapse::of_losses(&losses, lambda);
        assert_eq!(judged(Losses { reconstruction: 3e6, ..healthy }, 0.1), None);
        assert_eq!(judged(Losses { gradient_penalty: 2e6, ..healthy }, 1000.0), None);
        let not_a_number = Losses { d_fake: f32::NAN, ..healthy };
        assert_eq!(judged(not_a_number, 0.1), Some(Collapse::NotANumber("d_fake")));
        let exploded = Losses { gradient_penalty: 2e6, ..healthy };
        assert_eq!(judged(exploded, 1.0), Some(Collapse::Exploded("gradient_penalty", 2e6)));
    }
}
