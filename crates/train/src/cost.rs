//! What an iteration costs, for progress bars and estimates, and how many operations it needs.

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

/// Direct multiplications for one that Winograd's F(4x4, 3x3) needs: 16 outputs of 9 products each from 36.
const WINOGRAD: f64 = 4.0;

/// Floating-point operations of the convolutions of an iteration at the last of `sizes`, with pictures of `channels`
/// channels and LeakyReLU; a multiplication and an addition count 2.
///
/// Convolutions between feature maps count as Winograd's F(4x4, 3x3) has them (where the kernel is 3; transforms left
/// out), heads and tails as direct ones. A gradient takes as many products as its convolution: each output meets each
/// weight once. Over the peak ([`kernels::fma_peak`]) that gives the time of a step in which nothing waits for memory and
/// all but products is free. Larger Winograd tiles need fewer products still, so it is a yardstick, not a bound.
pub fn step_flops(config: &TrainConfig, channels: usize, sizes: &[(usize, usize)]) -> f64 {
    let saved = if config.kernel == 3 { WINOGRAD } else { 1.0 };
    flops(config, channels, sizes, saved)
}

/// [`step_flops`] with every convolution counted as a direct one, which is what matrix units compute.
pub fn direct_flops(config: &TrainConfig, channels: usize, sizes: &[(usize, usize)]) -> f64 {
    flops(config, channels, sizes, 1.0)
}

/// `saved`: products of a direct convolution between feature maps for one that counts.
fn flops(config: &TrainConfig, channels: usize, sizes: &[(usize, usize)], saved: f64) -> f64 {
    let Some(&last) = sizes.last() else { return 0.0 };
    let layers = config.layers as isize;
    // Pixels left of a size after some convolutions without padding; before them where that is negative.
    let after = |(h, w): (usize, usize), convolutions: isize| {
        let left = |side: usize| (side as isize - convolutions * (config.kernel as isize - 1)).max(0) as f64;
        left(h) * left(w)
    };

    // A critic step: real, fake and mixed picture forward, back and to the weights' gradients, then the mixed one's
    // penalty forward along the chain. Back to the picture itself only the mixed one goes.
    let d_steps = config.d_steps as f64;
    let critic_body: f64 = (2..=layers + 1).map(|i| after(last, i)).sum();
    // The generator's step adds the fake's score, forward and back to the picture.
    let mut heads = after(last, 1) * (d_steps * (3.0 + 1.0 + 3.0 + 1.0) + 2.0);
    let mut between = critic_body * (d_steps * (3.0 + 3.0 + 3.0 + 1.0) + 2.0);
    let scores = after(last, layers + 2) * (d_steps * (3.0 + 3.0 + 3.0) + 2.0);

    // Frozen stages run forward for the fake only; trained ones forward, back and to the weights' gradients, fake and
    // reconstruction. The first convolution has no gradient to hand on where nothing below it is trained.
    let first = sizes.len().saturating_sub(config.train_depth);
    heads += after(sizes[0], 0) * if first == 0 { 2.0 + 2.0 } else { 1.0 };
    for (stage, &size) in sizes.iter().enumerate() {
        let body: f64 = (1..=layers).map(|i| after(size, i - layers)).sum();
        between += if stage < first { body } else { 2.0 * 3.0 * body };
        if stage == first && first > 0 {
            between -= 2.0 * after(size, 1 - layers);
        }
    }
    let pictures = after(last, 0) * (2.0 + 2.0 + 2.0);

    let (features, channels) = (config.filters as f64, channels as f64);
    let products = features * (features * between / saved + channels * (heads + pictures) + scores);
    2.0 * (config.kernel * config.kernel) as f64 * products
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

    #[test]
    fn operations_are_those_counted_by_hand() {
        // Two stages, the upper one trained; critic maps of 10x8, 8x6 and 6x4 pixels.
        let config = TrainConfig {
            filters: 2,
            layers: 1,
            train_depth: 1,
            d_steps: 1,
            kernel: 3,
            ..TrainConfig::default()
        };
        let between = 48.0 * (10.0 + 2.0) + 72.0 + 120.0 * (2.0 + 2.0);
        let heads = 80.0 * (8.0 + 2.0) + 72.0;
        let (scores, pictures) = (24.0 * (9.0 + 2.0), 120.0 * 6.0);
        let products = 9.0 * (4.0 * between / 4.0 + 2.0 * heads + 2.0 * scores + 2.0 * pictures);
        assert_eq!(products, 43560.0);
        assert_eq!(step_flops(&config, 1, &[(9, 8), (12, 10)]), 2.0 * products);

        // One stage of two layers, head and all trained: the first convolution gives a border of one pixel.
        let config = TrainConfig { filters: 1, layers: 2, d_steps: 1, ..config };
        let between = (64.0 + 36.0) * 12.0 + (14.0 * 14.0 + 12.0 * 12.0) * 6.0;
        let heads = 100.0 * 10.0 + 144.0 * 4.0;
        let products = 9.0 * (between / 4.0 + 3.0 * heads + 16.0 * 11.0 + 3.0 * 144.0 * 6.0);
        assert_eq!(step_flops(&config, 3, &[(12, 12)]), 2.0 * products);
    }
}
