//! What an iteration costs, for progress bars and estimates.

use crate::TrainConfig;

/// Multiplications of an iteration at the last of `sizes`, counted as direct convolutions between feature maps (the
/// first and last convolutions and everything else are a few per cent).
pub fn iteration_cost(config: &TrainConfig, sizes: &[(usize, usize)]) -> f64 {
    let pixels = |&(h, w): &(usize, usize)| (h * w) as f64;
    let conv = (config.kernel * config.filters).pow(2) as f64 * config.layers as f64;
    let first = sizes.len().saturating_sub(config.train_depth);
    let frozen: f64 = sizes[..first].iter().map(pixels).sum();
    let trained: f64 = sizes[first..].iter().map(pixels).sum();
    let last = sizes.last().map_or(0.0, pixels);
    // A critic step: three pictures forward, back, and their weight gradients, one forward along the penalty's chain.
    // Then fake and reconstruction forward and twice back, the fake's score forward and back.
    conv * (10.0 * config.d_steps as f64 * last + frozen + 6.0 * trained + 2.0 * last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_grows_with_pixels_and_trained_stages() {
        let config = TrainConfig::default();
        let one = iteration_cost(&config, &[(10, 10)]);
        assert!((iteration_cost(&config, &[(20, 20)]) / one - 4.0).abs() < 1e-9);
        let shallow = TrainConfig { train_depth: 1, ..config.clone() };
        let sizes = [(10, 10), (20, 20)];
        assert!(iteration_cost(&shallow, &sizes) < iteration_cost(&config, &sizes));
    }
}
