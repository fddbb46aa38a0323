//! Chooses the kernel of a convolution or a weight gradient, and its number of blocks.
//!
//! The result is the same on every GPU. The size of the tiles of a convolution affects only its speed, so it
//! is chosen for the GPU in use. How a sum over a picture is split affects its rounding, so it is always
//! split for the same assumed size of GPU.

use crate::gpu::{Grid, Kernel, Limits};
use crate::precision::Precision;
use cpu::ConvShape;

/// Threads per block. This and the following three constants must equal those in `conv.cu` and
/// `weight_grad.cu`.
const THREADS: u32 = 128;
/// Length of a chunk of the product's inner dimension in shared memory.
const DEPTH: u32 = 32;
/// Number of chunks that are in shared memory or being copied to it.
const CHUNKS: u32 = 3;
/// Channels of a block.
const TILE: usize = 64;

/// Number of blocks that occupies a large GPU: two for each of its 132 multiprocessors.
const BUSY: usize = 264;

/// The kernel for a convolution of this shape, and its grid.
pub(super) fn conv(s: &ConvShape, out: [usize; 4], limits: Limits, precision: Precision) -> (Kernel, Grid) {
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

/// A kernel in `conv3x3.cu` and the tile of the result that each of its blocks computes: `height` by `width`
/// pixels, `channels` channels.
struct Tile {
    kernel: &'static str,
    height: usize,
    width: usize,
    channels: usize,
    threads: u32,
    /// Estimated cycles per block for 64 input channels: the larger of compute and memory traffic.
    cost: usize,
}

/// A tile of `side` x `side` pixels and `channels` channels, computed by [`THREADS`] threads.
const fn square(kernel: &'static str, side: usize, channels: usize, cost: usize) -> Tile {
    Tile { kernel, height: side, width: side, channels, threads: THREADS, cost }
}

/// The tiles for results of more than eight channels, in order of size. The first is the default and fits
/// every GPU; the others are taken where they are estimated to be faster.
const TILES: [Tile; 4] = [
    square("conv3x3_tf32_8x8x32", 8, 32, 4_300),
    square("conv3x3_tf32_8x8x64", 8, 64, 7_000),
    Tile { width: 16, ..square("conv3x3_tf32_8x16x64", 8, 64, 8_000) },
    Tile { threads: 256, ..square("conv3x3_tf32_16x16x64", 16, 64, 14_300) },
];
/// The tile for results of at most eight channels.
const NARROW: Tile = square("conv3x3_tf32_8x8x8", 8, 8, 2_000);

impl Tile {
    fn grid(&self, [n, oh, ow, co]: [usize; 4]) -> Grid {
        let tiles = oh.div_ceil(self.height) * ow.div_ceil(self.width);
        // Shared memory holds two tiles with their borders, and the weights of two taps.
        let rows = (self.height + 2) * (self.width + 2) + self.channels;
        Grid {
            blocks: [tiles as u32, co.div_ceil(self.channels) as u32, n as u32],
            threads: self.threads,
            shared: 2 * rows as u32 * (DEPTH + 4) * 4,
            flops: 0,
        }
    }

    /// Estimated cycles until the multiprocessor with the most blocks has finished.
    fn time(&self, out: [usize; 4], limits: Limits) -> usize {
        let blocks: usize = self.grid(out).blocks.iter().map(|&b| b as usize).product();
        blocks.div_ceil(limits.processors) * self.cost
    }
}

/// The fastest kernel in `conv3x3.cu` for a result of shape `out` that fits into the shared memory, and its
/// grid.
fn conv3x3(out: [usize; 4], limits: Limits) -> (Kernel, Grid) {
    if out[3] <= NARROW.channels {
        return (("conv3x3", NARROW.kernel), NARROW.grid(out));
    }
    let mut best = &TILES[0];
    for tile in &TILES[1..] {
        if tile.grid(out).shared <= limits.shared && tile.time(out, limits) < best.time(out, limits) {
            best = tile;
        }
    }
    (("conv3x3", best.kernel), best.grid(out))
}

/// A kernel for weight gradients, and the part of the result that each of its blocks computes.
pub(super) struct WeightGradKernel {
    pub(super) file: &'static str,
    pub(super) name: &'static str,
    /// Output channels.
    pub(super) to: usize,
    /// Input channels.
    pub(super) ti: usize,
    /// Taps of the kernel window.
    pub(super) taps: usize,
    /// Number of columns by which the kernel's pixel count exceeds the width of the gradient in each row.
    pub(super) columns: usize,
}

const fn of_any_kernel(name: &'static str) -> WeightGradKernel {
    WeightGradKernel { file: "weight_grad", name, to: TILE, ti: TILE, taps: 1, columns: 0 }
}

const fn of_3x3(name: &'static str, to: usize, ti: usize, taps: usize) -> WeightGradKernel {
    WeightGradKernel { file: "weight_grad3x3", name, to, ti, taps, columns: 2 }
}

const TF32: WeightGradKernel = of_any_kernel("conv_weight_grad_tf32");
const F32: WeightGradKernel = of_any_kernel("conv_weight_grad_f32");
const MIDDLE: WeightGradKernel = of_3x3("weight_grad3x3_64x64", 64, 64, 3);
const FIRST: WeightGradKernel = of_3x3("weight_grad3x3_64x8", 64, 8, 9);
const LAST: WeightGradKernel = of_3x3("weight_grad3x3_16x64", 16, 64, 3);

/// All kernels for weight gradients.
pub(super) const WEIGHT_GRADS: [&WeightGradKernel; 5] = [&MIDDLE, &FIRST, &LAST, &TF32, &F32];

/// The kernel for the weight gradient of a `k` x `k` convolution from `ci` to `co` channels.
pub(super) fn weight_grad(ci: usize, co: usize, k: usize, precision: Precision) -> &'static WeightGradKernel {
    let many = |channels: usize| channels > 8 && channels.is_multiple_of(4);
    match (precision, ci, co) {
        (Precision::F32, ..) => &F32,
        (_, ..=8, _) if k == 3 && many(co) => &FIRST,
        (_, _, ..=16) if k == 3 && many(ci) => &LAST,
        _ if k == 3 && many(ci) && many(co) => &MIDDLE,
        _ => &TF32,
    }
}

impl WeightGradKernel {
    /// Threads and shared memory; the number of blocks is set by the caller.
    pub(super) fn grid(&self) -> Grid {
        let pitch = |channels: usize| if channels == 8 { 8 } else { channels + 8 };
        // A row of taps reads `columns` more pixels of the input than of the gradient.
        let input = self.taps.div_ceil(3) * (DEPTH as usize + self.columns) * pitch(self.ti);
        let values = DEPTH as usize * pitch(self.to) + input;
        Grid { blocks: [1; 3], threads: THREADS, shared: CHUNKS * 4 * values as u32, flops: 0 }
    }
}

/// Splits several sums over pixels into parts. `sums` gives for each sum its pixels and the number of blocks
/// that process every part; the result gives for each sum the number of parts and the pixels in a part.
///
/// All parts are of about equal length, and none has only a few pixels. The total number of blocks does not
/// exceed [`BUSY`] unless every sum has only one part.
pub(super) fn splits(sums: &[(usize, usize)]) -> Vec<(usize, usize)> {
    let work: usize = sums.iter().map(|&(pixels, blocks)| pixels * blocks).sum();
    let split = |&(pixels, _): &(usize, usize)| {
        let wanted = (BUSY * pixels / work.max(1)).clamp(1, pixels.div_ceil(2 * DEPTH as usize));
        let each = pixels.div_ceil(wanted).next_multiple_of(DEPTH as usize);
        (pixels.div_ceil(each), each)
    };
    sums.iter().map(split).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: Limits = Limits { processors: 132, shared: 227 * 1024 };
    /// A consumer GPU.
    const SMALL: Limits = Limits { processors: 30, shared: 99 * 1024 };

    #[test]
    fn tiles_fit_the_gpu_and_the_picture() {
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
    fn splits_cover_pictures_and_fill_a_gpu_once() {
        // Three layers of a critic at two sizes, the stages of a generator, and one small picture.
        for sums in [
            vec![(23 * 38, 9), (21 * 36, 9), (19 * 34, 9)],
            vec![(165 * 250, 9); 3],
            vec![(187 * 270, 6), (185 * 268, 6), (120 * 180, 6), (60 * 90, 6)],
            vec![(9, 3)],
        ] {
            let split = splits(&sums);
            for (&(pixels, _), &(parts, each)) in sums.iter().zip(&split) {
                assert!(parts * each >= pixels && (parts - 1) * each < pixels, "{sums:?} {split:?}");
            }
            let blocks: usize =
                sums.iter().zip(&split).map(|(&(_, blocks), (parts, _))| blocks * parts).sum();
            assert!(blocks <= BUSY && (blocks > BUSY / 2 || sums[0].0 < 1000), "{blocks} blocks: {split:?}");
        }
    }
}
