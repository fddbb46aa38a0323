//! The losses of an iteration, as numbers.

use serde::{Deserialize, Serialize};

/// The losses of an iteration: of its last critic step, and of its generator step.
///
/// Files of the first format hold them as an array in this order, which is read as well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Losses {
    /// The critic's mean score of the real picture.
    pub d_real: f32,
    /// The critic's mean score of the fake.
    pub d_fake: f32,
    /// The weighted gradient penalty.
    pub gradient_penalty: f32,
    /// The generator's adversarial loss: the negative of the score of its fake.
    pub g_adversarial: f32,
    /// The weighted mean squared error of the reconstruction.
    pub reconstruction: f32,
}

impl Losses {
    /// The names of the losses in the order of the fields, as the logs have them.
    pub const NAMES: [&'static str; 5] =
        ["d_real", "d_fake", "gradient_penalty", "g_adversarial", "reconstruction"];

    /// The losses with their names.
    pub fn named(&self) -> [(&'static str, f32); 5] {
        let values =
            [self.d_real, self.d_fake, self.gradient_penalty, self.g_adversarial, self.reconstruction];
        std::array::from_fn(|i| (Self::NAMES[i], values[i]))
    }

    /// Whether all of them are numbers.
    pub fn are_finite(&self) -> bool {
        self.named().iter().all(|(_, loss)| loss.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_are_read_and_names_are_the_fields() -> serde_json::Result<()> {
        let losses = Losses {
            d_real: 0.1,
            d_fake: -2.5,
            gradient_penalty: 3.0,
            g_adversarial: 4.5,
            reconstruction: 1e-7,
        };
        let written = serde_json::to_string(&losses)?;
        assert_eq!(serde_json::from_str::<Losses>(&written)?, losses);
        assert_eq!(serde_json::from_str::<Losses>("[0.1, -2.5, 3.0, 4.5, 1e-7]")?, losses);
        let fields: serde_json::Value = serde_json::from_str(&written)?;
        for (name, loss) in losses.named() {
            assert_eq!(fields[name].as_f64().map(|value| value as f32), Some(loss), "{name}");
        }
        Ok(())
    }
}
