//! From the numbers of a TIFF file to gray and RGB, and upright.

use super::super::{Raw, Samples};
use crate::Depth;

/// Gives samples of less than 8 bits the range of bytes.
pub(super) fn widen_range(raw: &mut Raw, bits: u8) {
    if let Samples::Eight(values) = &mut raw.samples
        && bits < 8
    {
        let most = (1u16 << bits.max(1)) - 1;
        values.iter_mut().for_each(|v| *v = (u16::from(*v) * 255 / most) as u8);
    }
}

/// Makes the picture upright, for an orientation of 1 to 8 as in EXIF.
pub(super) fn turn(raw: &mut Raw, orientation: u16) {
    if !(2..=8).contains(&orientation) {
        return;
    }
    let (h, w, channels) = raw.shape;
    let (new_h, new_w) = if orientation >= 5 { (w, h) } else { (h, w) };
    let from = |y: usize, x: usize| match orientation {
        2 => (y, w - 1 - x),
        3 => (h - 1 - y, w - 1 - x),
        4 => (h - 1 - y, x),
        5 => (x, y),
        6 => (h - 1 - x, y),
        7 => (h - 1 - x, w - 1 - y),
        _ => (x, w - 1 - y),
    };
    let places: Vec<usize> = (0..new_h * new_w)
        .flat_map(|at| {
            let (y, x) = from(at / new_w, at % new_w);
            (0..channels).map(move |c| (y * w + x) * channels + c)
        })
        .collect();
    match &mut raw.samples {
        Samples::Eight(values) => *values = places.iter().map(|&at| values[at]).collect(),
        Samples::Sixteen(values) => *values = places.iter().map(|&at| values[at]).collect(),
        Samples::Float(values) => *values = places.iter().map(|&at| values[at]).collect(),
    }
    raw.shape = (new_h, new_w, channels);
}

/// Replaces the samples by RGB in [0, 1] of the same depth.
pub(super) fn convert(raw: &mut Raw, colour: impl Fn(&[f32]) -> [f32; 3]) {
    let channels = raw.shape.2;
    let values: Vec<f32> = (0..raw.count()).map(|index| raw.sample(index) as f32).collect();
    let rgb: Vec<f32> = values.chunks_exact(channels).flat_map(colour).collect();
    raw.samples = match raw.depth {
        Depth::Eight => Samples::Eight(rgb.iter().map(|v| (v * 255.0).round() as u8).collect()),
        Depth::Sixteen => Samples::Sixteen(rgb.iter().map(|v| (v * 65_535.0).round() as u16).collect()),
        Depth::Float => Samples::Float(rgb),
    };
    raw.shape.2 = 3;
    // The profile is that of the colours before.
    raw.profile = None;
}

/// Replaces indices by the colours of a palette: all reds, then all greens, then all blues, of 16 bits.
pub(super) fn coloured(raw: &mut Raw, palette: &[u16]) {
    let Samples::Eight(indices) = &raw.samples else { return };
    let colours = palette.len() / 3;
    let value =
        |index: u8, c: usize| palette.get(c * colours + usize::from(index)).copied().unwrap_or_default();
    let rgb: Vec<u8> =
        indices.iter().flat_map(|&index| [0, 1, 2].map(|c| (value(index, c) >> 8) as u8)).collect();
    raw.samples = Samples::Eight(rgb);
    raw.shape.2 = 3;
}

/// sRGB in [0, 1] of L*a*b* with the white point D50, stored in units of full scale.
pub(super) fn srgb_of_lab(stored: &[f32], signed: bool) -> [f32; 3] {
    let axis = |v: f32| {
        let byte = v * 255.0;
        match signed {
            // Two's complement, and with 16 bits a fraction of 8 bits.
            true if byte > 127.5 => byte - 256.0,
            true => byte,
            false => byte - 128.0,
        }
    };
    let (l, a, b) = (stored[0] * 100.0, axis(stored[1]), axis(stored[2]));
    let y = (l + 16.0) / 116.0;
    let linear = |t: f32| if t > 6.0 / 29.0 { t.powi(3) } else { (t - 4.0 / 29.0) * 108.0 / 841.0 };
    let xyz = [0.964_22 * linear(y + a / 500.0), linear(y), 0.825_21 * linear(y - b / 200.0)];
    // XYZ of D50 to linear sRGB, whose white is D65, adapted after Bradford.
    let matrix = [
        [3.133_856, -1.616_866_7, -0.490_614_6],
        [-0.978_768_4, 1.916_141_5, 0.033_454],
        [0.071_945_3, -0.228_991_4, 1.405_242_7],
    ];
    matrix.map(|row: [f32; 3]| {
        let v = row.iter().zip(&xyz).map(|(m, v)| m * v).sum::<f32>().clamp(0.0, 1.0);
        if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
    })
}
