//! Transforms tiles of the input, or of the gradient of the output, to their values at the points.
#![allow(unsafe_code)] // pointers with strides

use super::transform::{grad_inner, grad_outer, input_inner, input_outer};
use super::{Grid, IN, OUT, Tile};
use crate::simd::{Kernel, Simd};

/// The points along the vertical axis that are computed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Points {
    All,
    Outer,
    Inner,
}

/// The destination of transformed tiles, indexed by position, tile and channel. Distances are in numbers.
#[derive(Clone, Copy)]
pub(super) struct Block {
    /// Address of the first channel of the first tile at the first position that is computed.
    pub at: *mut f32,
    /// Distance from one position to the next.
    pub position: usize,
    /// Distance from one tile to the next.
    pub tile: usize,
}

/// A square part of an NHWC batch. Pixels outside the picture are read as zero.
struct Window {
    /// Address of the pixel at row 0, column 0 of the window, which may lie outside the picture.
    origin: *const f32,
    row: usize,
    pixel: usize,
    rows: (usize, usize),
    columns: (usize, usize),
}

impl Window {
    /// The window of `side` x `side` pixels at (`y`, `x`) of a picture of `h` x `w` pixels with `channels`
    /// channels.
    #[inline(always)]
    fn new(
        data: &[f32],
        (picture, y, x): (usize, isize, isize),
        (h, w): (usize, usize),
        channels: usize,
        side: usize,
    ) -> Self {
        let inside = |from: isize, size: usize| {
            let to = (size as isize - from).clamp(0, side as isize) as usize;
            ((-from).clamp(0, side as isize) as usize, to)
        };
        let pixel = ((picture * h) as isize + y) * w as isize + x;
        Self {
            origin: data.as_ptr().wrapping_offset(pixel * channels as isize),
            row: w * channels,
            pixel: channels,
            rows: inside(y, h),
            columns: inside(x, w),
        }
    }

    #[inline(always)]
    fn is_inside(&self, side: usize) -> bool {
        self.rows == (0, side) && self.columns == (0, side)
    }

    #[inline(always)]
    fn at(&self, r: usize, c: usize, channel: usize) -> *const f32 {
        self.origin.wrapping_add(r * self.row + c * self.pixel + channel)
    }

    /// Loads `lanes` channels of the pixel at (`r`, `c`), beginning with `channel`. `WHOLE` means that the
    /// window lies inside the picture and `lanes` is a whole vector.
    #[inline(always)]
    fn load<S: Simd, const WHOLE: bool>(
        &self,
        s: S,
        r: usize,
        c: usize,
        channel: usize,
        lanes: usize,
    ) -> S::V {
        let at = self.at(r, c, channel);
        if WHOLE {
            // SAFETY: the caller has checked that the window is inside the picture and that all lanes exist.
            unsafe { s.load(at) }
        } else if r >= self.rows.0 && r < self.rows.1 && c >= self.columns.0 && c < self.columns.1 {
            // SAFETY: this pixel is inside the picture, and `lanes` channels are left.
            unsafe { s.load_part(at, lanes) }
        } else {
            s.splat(0.0)
        }
    }
}

/// Transforms `count` tiles of the input, beginning with tile `first`.
pub(super) struct ReadInput<'a> {
    pub grid: &'a Grid,
    pub x: &'a [f32],
    pub first: usize,
    pub count: usize,
    pub points: Points,
    /// Must have room for the tiles at all positions of `points`, with `grid.ci` channels.
    pub to: Block,
}

impl Kernel for ReadInput<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, s: S) {
        match self.points {
            Points::All => self.tiles::<S, true, true>(s),
            Points::Outer => self.tiles::<S, true, false>(s),
            Points::Inner => self.tiles::<S, false, true>(s),
        }
    }
}

impl ReadInput<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const OUTER: bool, const INNER: bool>(&self, s: S) {
        let shape = &self.grid.shape;
        let mut rows = [[s.splat(0.0); IN]; IN];
        for index in 0..self.count {
            let Tile { picture, y, x } = self.grid.tile(self.first + index);
            let corner = (picture, y as isize - shape.pad as isize, x as isize - shape.pad as isize);
            let window = Window::new(self.x, corner, (shape.h, shape.w), shape.ci, IN);
            let inside = window.is_inside(IN);
            for channel in (0..shape.ci).step_by(S::WIDTH) {
                let lanes = S::WIDTH.min(shape.ci - channel);
                let to = self.to.at.wrapping_add(index * self.to.tile + channel);
                if inside && lanes == S::WIDTH {
                    self.tile::<S, true, OUTER, INNER>(s, &window, channel, lanes, to, &mut rows);
                } else {
                    self.tile::<S, false, OUTER, INNER>(s, &window, channel, lanes, to, &mut rows);
                }
            }
        }
    }

    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "`c` is a column, and no slice")]
    fn tile<S: Simd, const WHOLE: bool, const OUTER: bool, const INNER: bool>(
        &self,
        s: S,
        window: &Window,
        channel: usize,
        lanes: usize,
        to: *mut f32,
        rows: &mut [[S::V; IN]; IN],
    ) {
        // Prefetches the next channels of the same pixels, or the first channels of the next tile, whose
        // addresses hardware prefetchers do not predict.
        let ahead =
            if channel + 2 * S::WIDTH > window.pixel { OUT * window.pixel - channel } else { S::WIDTH };
        let zero = s.splat(0.0);
        for c in 0..IN {
            let mut column = [zero; IN];
            for (r, value) in column.iter_mut().enumerate() {
                *value = window.load::<S, WHOLE>(s, r, c, channel, lanes);
                if WHOLE {
                    s.prefetch_near(window.at(r, c, channel + ahead));
                }
            }
            if OUTER {
                let points = input_outer(s, column);
                for i in 0..4 {
                    rows[i][c] = points[i];
                }
            }
            if INNER {
                let points = input_inner(s, column);
                for i in 0..4 {
                    rows[4 + i][c] = points[i];
                }
            }
        }
        let first = if OUTER { 0 } else { 4 };
        let last = if INNER { 8 } else { 4 };
        for (i, &row) in rows[first..last].iter().enumerate() {
            let (outer, inner) = (input_outer(s, row), input_inner(s, row));
            for j in 0..4 {
                // SAFETY: `to` has room for every position of these points.
                unsafe {
                    s.store(to.add((i * IN + j) * self.to.position), outer[j]);
                    s.store(to.add((i * IN + 4 + j) * self.to.position), inner[j]);
                }
            }
        }
    }
}

/// Transforms `count` tiles of the gradient of the output, beginning with tile `first`.
pub(super) struct ReadGrad<'a> {
    pub grid: &'a Grid,
    pub gy: &'a [f32],
    pub first: usize,
    pub count: usize,
    /// The outer or the inner points; `Points::All` is not supported.
    pub points: Points,
    /// Must have room for the tiles at all positions of `points`, with `grid.co` channels.
    pub to: Block,
    /// If given, the sum of the gradient over all pixels of these tiles is added to these `grid.co` numbers.
    /// Requires the outer points.
    pub total: Option<&'a mut [f32]>,
}

impl Kernel for ReadGrad<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, s: S) {
        if self.points == Points::Outer {
            self.tiles::<S, true>(s);
        } else {
            self.tiles::<S, false>(s);
        }
    }
}

impl ReadGrad<'_> {
    #[inline(always)]
    fn tiles<S: Simd, const OUTER: bool>(&mut self, s: S) {
        let shape = &self.grid.shape;
        let mut rows = [[s.splat(0.0); OUT]; 4];
        let size = (shape.out_h(), shape.out_w());
        for index in 0..self.count {
            let Tile { picture, y, x } = self.grid.tile(self.first + index);
            let window = Window::new(self.gy, (picture, y as isize, x as isize), size, shape.co, OUT);
            let inside = window.is_inside(OUT);
            for channel in (0..shape.co).step_by(S::WIDTH) {
                let lanes = S::WIDTH.min(shape.co - channel);
                let to = self.to.at.wrapping_add(index * self.to.tile + channel);
                let sum = if inside && lanes == S::WIDTH {
                    self.tile::<S, true, OUTER>(s, &window, channel, lanes, to, &mut rows)
                } else {
                    self.tile::<S, false, OUTER>(s, &window, channel, lanes, to, &mut rows)
                };
                if OUTER && let Some(total) = &mut self.total {
                    let total = total[channel..][..S::WIDTH].as_mut_ptr();
                    // SAFETY: the slice has the length of a vector.
                    unsafe { s.store(total, s.add(s.load(total), sum)) }
                }
            }
        }
    }

    /// Returns the value at the points (1, 1), which is the sum of the tile, if that position is computed.
    #[inline(always)]
    #[allow(clippy::needless_range_loop, reason = "`c` is a column, and no slice")]
    fn tile<S: Simd, const WHOLE: bool, const OUTER: bool>(
        &self,
        s: S,
        window: &Window,
        channel: usize,
        lanes: usize,
        to: *mut f32,
        rows: &mut [[S::V; OUT]; 4],
    ) -> S::V {
        // Prefetches the next channels of the same pixels, or the first channels of the next tile, as
        // `ReadInput` does.
        let ahead =
            if channel + 2 * S::WIDTH > window.pixel { OUT * window.pixel - channel } else { S::WIDTH };
        let zero = s.splat(0.0);
        for c in 0..OUT {
            let mut column = [zero; OUT];
            for (r, value) in column.iter_mut().enumerate() {
                *value = window.load::<S, WHOLE>(s, r, c, channel, lanes);
                if WHOLE {
                    s.prefetch_near(window.at(r, c, channel + ahead));
                }
            }
            let points = if OUTER { grad_outer(s, column) } else { grad_inner(s, column) };
            for i in 0..4 {
                rows[i][c] = points[i];
            }
        }
        let mut total = zero;
        for (i, &row) in rows.iter().enumerate() {
            let (outer, inner) = (grad_outer(s, row), grad_inner(s, row));
            for j in 0..4 {
                // SAFETY: `to` has room for every position of these points.
                unsafe {
                    s.store(to.add((i * IN + j) * self.to.position), outer[j]);
                    s.store(to.add((i * IN + 4 + j) * self.to.position), inner[j]);
                }
            }
            if i == 2 {
                total = outer[2];
            }
        }
        total
    }
}
