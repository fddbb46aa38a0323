//! Which kernel computes a convolution or a weight gradient, on how many blocks.
//!
//! All cards compute the same. Tiles of the picture differ in nothing but speed, so that a card may take those that suit it; sums
//! over a picture that is split differ in their rounding, so that they are split as for one kind of card.

use super::{Grid, Kernel, Limits};
use crate::cpu::ConvShape;
use crate::precision::{Precision, precision};

/// As in the kernels: threads a block, values of the product's depth that are in shared memory at a time, how many times as
/// many are there or on their way, channels of a block.
const THREADS: u32 = 128;
const DEPTH: u32 = 32;
const CHUNKS: u32 = 3;
const TILE: usize = 64;

/// Blocks that keep a large card busy: two on each of its processors.
const BUSY: usize = 264;

/// The kernel for a convolution of these shapes, and its blocks.
pub(super) fn conv(s: &ConvShape, out: [usize; 4], limits: Limits) -> (Kernel, Grid) {
    let precision = precision();
    if precision == Precision::Tf32 && s.k == 3 && s.ci.is_multiple_of(DEPTH as usize) {
        return conv3x3(out, limits);
    }
    let [n, oh, ow, co] = out;
    let pixels = n * oh * ow;
    let large = pixels.div_ceil(128) * co.div_ceil(TILE) >= BUSY;
    let (kernel, rows, columns) = match precision {
        Precision::Tf32 if co <= 8 => ("conv_tf32_64x8", 64, 8),
        Precision::Tf32 if large => ("conv_tf32_128x64", 128, 64),
        Precision::Tf32 => ("conv_tf32_64x64", 64, 64),
        Precision::F32 if co <= 8 => ("conv_f32_64x8", 64, 8),
        Precision::F32 => ("conv_f32_64x64", 64, 64),
    };
    let blocks = [pixels.div_ceil(rows) as u32, co.div_ceil(columns) as u32, 1];
    let shared = CHUNKS * (rows + columns) as u32 * (DEPTH + 4) * 4;
    (("conv", kernel), Grid { blocks, threads: THREADS, shared, flops: 0 })
}

/// What a block of a kernel in `conv3x3.cu` computes.
struct Tile {
    kernel: &'static str,
    height: usize,
    width: usize,
    channels: usize,
    threads: u32,
    /// What a block takes of a processor, in cycles for 64 channels: its products, or what it must bring.
    cost: usize,
}

const fn square(kernel: &'static str, side: usize, channels: usize, cost: usize) -> Tile {
    Tile { kernel, height: side, width: side, channels, threads: THREADS, cost }
}

/// The first one everywhere; the others, from the smallest on, where they are faster.
const TILES: [Tile; 4] = [
    square("conv3x3_tf32_8x8x32", 8, 32, 4_300),
    square("conv3x3_tf32_8x8x64", 8, 64, 7_000),
    Tile { width: 16, ..square("conv3x3_tf32_8x16x64", 8, 64, 8_000) },
    Tile { threads: 256, ..square("conv3x3_tf32_16x16x64", 16, 64, 14_300) },
];
const NARROW: Tile = square("conv3x3_tf32_8x8x8", 8, 8, 2_000);

impl Tile {
    fn grid(&self, [n, oh, ow, co]: [usize; 4]) -> Grid {
        let tiles = oh.div_ceil(self.height) * ow.div_ceil(self.width);
        // Two tiles with their borders and two taps' weights.
        let rows = (self.height + 2) * (self.width + 2) + self.channels;
        Grid {
            blocks: [tiles as u32, co.div_ceil(self.channels) as u32, n as u32],
            threads: self.threads,
            shared: 2 * rows as u32 * (DEPTH + 4) * 4,
            flops: 0,
        }
    }

    /// Cycles until the processor with the most blocks is done.
    fn time(&self, out: [usize; 4], limits: Limits) -> usize {
        let blocks: usize = self.grid(out).blocks.iter().map(|&b| b as usize).product();
        blocks.div_ceil(limits.processors) * self.cost
    }
}

fn conv3x3(out: [usize; 4], limits: Limits) -> (Kernel, Grid) {
    let mut best = if out[3] <= NARROW.channels { &NARROW } else { &TILES[0] };
    for tile in TILES.iter().filter(|_| out[3] > NARROW.channels) {
        if tile.grid(out).shared <= limits.shared && tile.time(out, limits) < best.time(out, limits) {
            best = tile;
        }
    }
    (("conv3x3", best.kernel), best.grid(out))
}

/// A weight gradient's launch.
pub(super) struct WeightGrad {
    pub(super) kernel: Kernel,
    pub(super) grid: Grid,
    /// How many parts a picture's sum has, and of how many pixels.
    pub(super) splits: usize,
    pub(super) pixels: usize,
}

/// Shapes of a weight gradient: the pictures, the gradient's height and width, channels of both sides, the kernel.
#[derive(Clone, Copy)]
pub(super) struct WeightGradShape {
    pub(super) pictures: usize,
    pub(super) oh: usize,
    pub(super) ow: usize,
    pub(super) ci: usize,
    pub(super) co: usize,
    pub(super) k: usize,
}

/// The kernel for a weight gradient, its blocks and splits.
pub(super) fn weight_grad(s: WeightGradShape) -> WeightGrad {
    let many = |channels: usize| channels > 8 && channels.is_multiple_of(4);
    let precision = precision();
    if precision == Precision::Tf32 && s.k == 3 {
        // The last number: rows of taps that a block computes.
        match (s.ci, s.co) {
            (..=8, _) if many(s.co) => return weight_grad3x3(s, "weight_grad3x3_64x8", (64, 8, 3)),
            (_, ..=16) if many(s.ci) => return weight_grad3x3(s, "weight_grad3x3_16x64", (16, 64, 1)),
            _ if many(s.ci) && many(s.co) => return weight_grad3x3(s, "weight_grad3x3_64x64", (64, 64, 1)),
            _ => {}
        }
    }
    let kernel = match precision {
        Precision::Tf32 => "conv_weight_grad_tf32",
        Precision::F32 => "conv_weight_grad_f32",
    };
    let tiles = s.ci.div_ceil(TILE) * s.co.div_ceil(TILE);
    let shared = CHUNKS * 2 * DEPTH * (TILE as u32 + 8) * 4;
    split(("weight_grad", kernel), [s.k * s.k, tiles], shared, s.oh * s.ow, s.pictures)
}

fn weight_grad3x3(
    s: WeightGradShape,
    kernel: &'static str,
    (to, ti, tap_rows): (usize, usize, usize),
) -> WeightGrad {
    let pitch = |channels: usize| if channels == 8 { 8 } else { channels + 8 };
    let values = DEPTH as usize * pitch(to) + tap_rows * (DEPTH as usize + 2) * pitch(ti);
    let tiles = s.co.div_ceil(to) * s.ci.div_ceil(ti);
    // It counts the gradient's rows as two longer than they are.
    let pixels = s.oh * (s.ow + 2);
    split(("weight_grad3x3", kernel), [3 / tap_rows, tiles], CHUNKS * 4 * values as u32, pixels, s.pictures)
}

/// Enough blocks to keep a card busy, but no split of a few pixels; the same for each picture.
fn split(
    kernel: Kernel,
    [taps, tiles]: [usize; 2],
    shared: u32,
    pixels: usize,
    pictures: usize,
) -> WeightGrad {
    let wanted = BUSY.div_ceil(taps * tiles * pictures).clamp(1, pixels.div_ceil(2 * DEPTH as usize));
    let each = pixels.div_ceil(wanted).next_multiple_of(DEPTH as usize);
    let splits = pixels.div_ceil(each);
    let blocks = [taps as u32, tiles as u32, (pictures * splits) as u32];
    WeightGrad { kernel, grid: Grid { blocks, threads: THREADS, shared, flops: 0 }, splits, pixels: each }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: Limits = Limits { processors: 132, shared: 227 * 1024 };
    /// What cards for games have.
    const SMALL: Limits = Limits { processors: 30, shared: 99 * 1024 };

    #[test]
    fn tiles_fit_the_card_and_the_picture() {
        let tile = |n, h, w, limits| conv3x3([n, h, w, 64], limits).0.1;
        // The critic's batch in the first and last stages of the paper's run.
        assert_eq!(tile(3, 25, 38, LARGE), "conv3x3_tf32_8x8x32");
        assert_eq!(tile(3, 41, 61, LARGE), "conv3x3_tf32_8x16x64");
        assert_eq!(tile(3, 167, 250, LARGE), "conv3x3_tf32_16x16x64");
        for (n, h, w) in [(1, 1, 1), (3, 25, 38), (2, 90, 121), (3, 167, 250), (1, 900, 1200)] {
            let ((_, kernel), grid) = conv3x3([n, h, w, 64], SMALL);
            assert!(grid.shared <= SMALL.shared, "{kernel} for {n}x{h}x{w}");
        }
        assert_eq!(conv3x3([3, 167, 250, 1], LARGE).0.1, "conv3x3_tf32_8x8x8");
    }

    #[test]
    fn splits_cover_a_picture() {
        for (oh, ow) in [(1, 1), (23, 36), (167, 250)] {
            for (ci, co) in [(64, 64), (3, 64), (64, 1), (5, 7)] {
                let shape = WeightGradShape { pictures: 3, oh, ow, ci, co, k: 3 };
                let WeightGrad { splits, pixels, grid, .. } = weight_grad(shape);
                assert!(splits * pixels >= oh * ow && (splits - 1) * pixels < oh * (ow + 2));
                assert_eq!(grid.blocks[2] as usize, 3 * splits);
            }
        }
    }
}
