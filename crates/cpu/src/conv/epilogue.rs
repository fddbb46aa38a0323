//! Applies the bias, LeakyReLU or the derivative of LeakyReLU to finished sums, and stores them in the
//! output.
#![allow(unsafe_code)] // pointers into the output and the mask

use super::Epilogue;
use crate::simd::{Kernel, Simd};

/// The kind of [`Epilogue::None`].
pub(super) const NONE: u8 = 0;
/// The kind of [`Epilogue::Bias`].
pub(super) const BIAS: u8 = 1;
/// The kind of [`Epilogue::Mask`].
pub(super) const MASK: u8 = 2;

/// An epilogue whose kind is a compile-time constant.
#[derive(Clone, Copy)]
pub(super) struct Finish<S: Simd, const KIND: u8> {
    s: S,
    /// The bias, or the mask.
    operand: *const f32,
    slope: S::V,
    y: *mut f32,
    /// Whether to bypass the caches when storing.
    stream: bool,
}

impl<S: Simd, const KIND: u8> Finish<S, KIND> {
    /// `stream` may be true only if `y` and its pixels are aligned to vectors.
    #[inline(always)]
    pub(super) fn new(s: S, epilogue: Epilogue<'_>, y: *mut f32, stream: bool) -> Self {
        let (operand, slope) = match epilogue {
            Epilogue::None => (std::ptr::null(), 1.0),
            Epilogue::Bias { bias, slope } => (bias.as_ptr(), slope.unwrap_or(1.0)),
            Epilogue::Mask { by, slope } => (by.as_ptr(), slope),
        };
        Self { s, operand, slope: s.splat(slope), y, stream }
    }

    /// The argument `bias` of [`Finish::write`] for `lanes` channels beginning with `channel`.
    ///
    /// # Safety
    /// The output must have those channels.
    #[inline(always)]
    pub(super) unsafe fn bias(&self, channel: usize, lanes: usize) -> S::V {
        if KIND == BIAS {
            // SAFETY: a bias has as many numbers as the output has channels.
            unsafe { self.s.load_part(self.operand.add(channel), lanes) }
        } else {
            self.s.splat(0.0)
        }
    }

    /// Prefetches the data that [`Finish::write`] reads for `len` numbers of the output beginning with index
    /// `at`.
    #[inline(always)]
    pub(super) fn fetch(&self, at: usize, len: usize) {
        if KIND == MASK {
            self.s.prefetch_run(self.operand.wrapping_add(at), len);
        }
    }

    /// Finishes `lanes` sums and stores them in the output beginning with index `at`.
    ///
    /// # Safety
    /// These numbers must lie within the output, and no other thread may write them.
    #[inline(always)]
    pub(super) unsafe fn write(&self, sum: S::V, bias: S::V, at: usize, lanes: usize) {
        let s = self.s;
        let whole = lanes == S::WIDTH;
        // SAFETY: the caller guarantees that the numbers lie within the output, a mask has the shape of the
        // output, and the caller of `new` guarantees the alignment for `stream`.
        unsafe {
            let value = match KIND {
                BIAS => {
                    let value = s.add(sum, bias);
                    s.if_positive(value, value, s.mul(value, self.slope))
                }
                MASK => {
                    let by = self.operand.add(at);
                    let by = if whole { s.load(by) } else { s.load_part(by, lanes) };
                    s.if_positive(by, sum, s.mul(sum, self.slope))
                }
                _ => sum,
            };
            let to = self.y.add(at);
            if !whole {
                s.store_part(to, lanes, value);
            } else if self.stream {
                s.stream(to, value);
            } else {
                s.store(to, value);
            }
        }
    }
}

/// Finishes a run of pixels whose sums are in a buffer.
pub(super) struct FinishRun<'a> {
    pub epilogue: Epilogue<'a>,
    /// The sums, `row` numbers for each pixel, which are whole vectors.
    pub sums: &'a [f32],
    pub row: usize,
    pub pixels: usize,
    /// Number of output channels.
    pub channels: usize,
    /// The whole output. Its `pixels` pixels beginning with index `at` are written by no other thread.
    pub y: *mut f32,
    pub at: usize,
    /// Whether to bypass the caches when storing; `y` and its pixels must then be aligned to vectors.
    pub stream: bool,
}

impl Kernel for FinishRun<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.epilogue {
            Epilogue::None => self.kind::<S, NONE>(s),
            Epilogue::Bias { .. } => self.kind::<S, BIAS>(s),
            Epilogue::Mask { .. } => self.kind::<S, MASK>(s),
        }
        if self.stream {
            s.fence();
        }
    }
}

impl FinishRun<'_> {
    #[inline(always)]
    fn kind<S: Simd, const KIND: u8>(&self, s: S) {
        assert!(
            self.sums.len() >= self.pixels * self.row && self.row >= self.channels.next_multiple_of(S::WIDTH)
        );
        let finish = Finish::<S, KIND>::new(s, self.epilogue, self.y, self.stream);
        for pixel in 0..self.pixels {
            let at = self.at + pixel * self.channels;
            finish.fetch(at + self.pixels * self.channels, self.channels);
            for channel in (0..self.channels).step_by(S::WIDTH) {
                let lanes = S::WIDTH.min(self.channels - channel);
                // SAFETY: `lanes` channels are left, the buffer holds whole vectors for every pixel
                // (asserted), and the output has these pixels.
                unsafe {
                    let sum = s.load(self.sums.as_ptr().add(pixel * self.row + channel));
                    finish.write(sum, finish.bias(channel, lanes), at + channel, lanes);
                }
            }
        }
    }
}
