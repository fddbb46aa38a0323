//! The counter-based generator Philox4x32-10, and normal numbers from it by the Box-Muller transform.
//!
//! Logarithm, sine and cosine are implemented here with additions, multiplications and divisions in a fixed
//! order, so that every CPU computes the same bits.

/// Numbers computed side by side: one register of the widest instruction set.
pub(crate) const LANES: usize = 16;

/// Four normal numbers for each of `LANES` counters.
#[inline(always)]
pub(crate) fn normals(
    column: [u32; LANES],
    row: u32,
    group: [u32; LANES],
    iteration: u32,
    key: [u32; 2],
) -> [[f32; LANES]; 4] {
    let mut c = [column, [row; LANES], group, [iteration; LANES]];
    let mut k = key;
    for _ in 0..10 {
        let mut next = [[0u32; LANES]; 4];
        for i in 0..LANES {
            let r = round([c[0][i], c[1][i], c[2][i], c[3][i]], k);
            for j in 0..4 {
                next[j][i] = r[j];
            }
        }
        c = next;
        k = bump(k);
    }
    let mut out = [[0f32; LANES]; 4];
    for pair in 0..2 {
        for i in 0..LANES {
            let (a, b) = box_muller(c[2 * pair][i], c[2 * pair + 1][i]);
            out[2 * pair][i] = a;
            out[2 * pair + 1][i] = b;
        }
    }
    out
}

/// The four words of Philox4x32-10 for `counter` and `key`.
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        counter = round(counter, key);
        key = bump(key);
    }
    counter
}

#[inline(always)]
fn bump(key: [u32; 2]) -> [u32; 2] {
    [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)]
}

#[inline(always)]
fn round(c: [u32; 4], k: [u32; 2]) -> [u32; 4] {
    let a = u64::from(c[0]) * 0xD251_1F53;
    let b = u64::from(c[2]) * 0xCD9E_8D57;
    [(b >> 32) as u32 ^ c[1] ^ k[0], b as u32, (a >> 32) as u32 ^ c[3] ^ k[1], a as u32]
}

/// Maps the upper 24 bits to (0, 1), symmetric around 1/2 and without the end points.
pub(crate) fn unit(bits: u32) -> f64 {
    (f64::from(bits >> 8) + 0.5) / f64::from(1u32 << 24)
}

/// Two normal numbers from two random words; at most 5.77 in magnitude.
#[inline(always)]
fn box_muller(a: u32, b: u32) -> (f32, f32) {
    // With 23 bits, the added half is not lost to rounding, and 1 is never reached.
    let u = ((a >> 9) as f32 + 0.5) * (1.0 / 8_388_608.0);
    let radius = (-2.0 * ln(u)).sqrt();
    let (sin, cos) = sin_cos_turn((b >> 8) as f32 * (1.0 / 16_777_216.0));
    (radius * cos, radius * sin)
}

/// Natural logarithm of a normal floating-point number in (0, 1), to about 1e-7. The exponent is split off,
/// and the logarithm of the mantissa `m` in [sqrt(1/2), sqrt(2)) is the series of
/// `2 atanh((m - 1) / (m + 1))`.
#[inline(always)]
fn ln(x: f32) -> f32 {
    let bits = x.to_bits();
    let shifted = bits.wrapping_sub(0x3f35_04f3); // sqrt(1/2), which centres the range of the mantissa on 1
    let exponent = (shifted as i32) >> 23;
    let m = f32::from_bits(bits.wrapping_sub((exponent as u32) << 23));
    let s = (m - 1.0) / (m + 1.0);
    let z = s * s;
    let series = 0.666_666_7 + z * (0.4 + z * (0.285_714_3 + z * (0.222_222_22 + z * 0.181_818_18)));
    exponent as f32 * std::f32::consts::LN_2 + (s * 2.0 + s * z * series)
}

/// Sine and cosine of the angle of `turn` full turns, with `turn` in [0, 1), from Taylor polynomials within
/// an eighth of a turn.
#[inline(always)]
fn sin_cos_turn(turn: f32) -> (f32, f32) {
    let quadrant = (turn * 4.0 + 0.5) as i32;
    let angle = (turn - quadrant as f32 * 0.25) * std::f32::consts::TAU;
    let z = angle * angle;
    let sin =
        angle + angle * z * (-1.666_666_7e-1 + z * (8.333_333e-3 + z * (-1.984_127e-4 + z * 2.755_732e-6)));
    let cos = 1.0
        + z * (-0.5 + z * (4.166_666_8e-2 + z * (-1.388_888_9e-3 + z * (2.480_158_7e-5 - z * 2.755_732e-7))));
    let swap = quadrant & 1 != 0;
    let (s, c) = (if swap { cos } else { sin }, if swap { sin } else { cos });
    let s = if quadrant & 2 != 0 { -s } else { s };
    let c = if (quadrant + 1) & 2 != 0 { -c } else { c };
    (s, c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_gives_the_authors_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(
            philox([u32::MAX; 4], [u32::MAX; 2]),
            [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
        );
        let pi = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        assert_eq!(
            philox(pi, [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }

    #[test]
    fn logarithm_sine_and_cosine_are_those_of_the_library() {
        for i in 0..200_000u32 {
            let u = ((i * 41) as f32 + 0.5) / 8_388_608.0;
            let exact = f64::from(u).ln();
            assert!((f64::from(ln(u)) - exact).abs() < 2e-7 * exact.abs().max(1.0), "ln {u}");
            let turn = (i * 83) as f32 / 16_777_216.0;
            let angle = f64::from(turn) * std::f64::consts::TAU;
            let (s, c) = sin_cos_turn(turn);
            assert!(
                (f64::from(s) - angle.sin()).abs() < 3e-7 && (f64::from(c) - angle.cos()).abs() < 3e-7,
                "{turn}"
            );
        }
    }
}
