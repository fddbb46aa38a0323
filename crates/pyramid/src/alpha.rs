//! Transparency of loaded pictures: an alpha that says nothing is no channel, and invisible pixels get colours
//! that do no harm.

use crate::picture::Picture;
use ndarray::{Array2, Array3, Axis, s};

/// The value of a transparent pixel's alpha, and of an opaque one's.
const TRANSPARENT: f32 = -1.0;
const OPAQUE: f32 = 1.0;

/// The picture without an alpha that is opaque everywhere, and with the colours of visible pixels spread into
/// transparent ones.
///
/// Programs store white, black or anything else where nothing is seen. Every resize mixes neighbours, so that such
/// colours would come forth as fringes along the borders of what is visible. Visible pixels are unchanged.
pub(crate) fn clean(picture: Picture) -> Picture {
    let channels = picture.channels();
    if channels % 2 == 1 {
        return picture;
    }
    let mut pixels = picture.into_pixels();
    let colours = channels - 1;
    let alpha = pixels.index_axis(Axis(2), colours);
    if alpha.iter().all(|&a| a == OPAQUE) {
        return Picture::trusted(pixels.slice(s![.., .., ..colours]).as_standard_layout().into_owned());
    }
    let known = alpha.mapv(|a| a > TRANSPARENT);
    if known.iter().any(|&known| known) {
        spread(&mut pixels, known, colours);
    }
    Picture::trusted(pixels)
}

/// Gives every pixel that is not `known` the mean colour of its neighbours that are, ring by ring from the known
/// ones outwards.
fn spread(pixels: &mut Array3<f32>, mut known: Array2<bool>, colours: usize) {
    let (h, w) = known.dim();
    let around = move |(y, x): (usize, usize)| {
        let rows = y.saturating_sub(1)..(y + 2).min(h);
        rows.flat_map(move |v| (x.saturating_sub(1)..(x + 2).min(w)).map(move |u| (v, u)))
    };
    let mut ring: Vec<(usize, usize)> = known
        .indexed_iter()
        .filter(|&(at, &is_known)| !is_known && around(at).any(|near| known[near]))
        .map(|(at, _)| at)
        .collect();
    while !ring.is_empty() {
        let mut found = Vec::with_capacity(ring.len());
        for &at in &ring {
            let (mut sum, mut count) = ([0.0f32; 3], 0.0);
            for near in around(at).filter(|&near| known[near]) {
                (0..colours).for_each(|c| sum[c] += pixels[[near.0, near.1, c]]);
                count += 1.0;
            }
            found.push(sum.map(|v| v / count));
        }
        for (&(y, x), colour) in ring.iter().zip(&found) {
            (0..colours).for_each(|c| pixels[[y, x, c]] = colour[c]);
            known[[y, x]] = true;
        }
        let mut next: Vec<(usize, usize)> =
            ring.iter().flat_map(|&at| around(at)).filter(|&near| !known[near]).collect();
        next.sort_unstable();
        next.dedup();
        ring = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Error, Target, imresize};

    /// A red disk on transparent white.
    fn disk() -> Array3<f32> {
        Array3::from_shape_fn((40, 60, 4), |(y, x, c)| {
            let inside = (y as f32 - 20.0).powi(2) + (x as f32 - 25.0).powi(2) < 150.0;
            match (inside, c) {
                (true, 0 | 3) => 1.0,
                (true, _) | (false, 3) => -1.0,
                (false, _) => 1.0,
            }
        })
    }

    #[test]
    fn colours_below_transparency_make_no_fringes() -> Result<(), Error> {
        let clean = clean(Picture::from_pixels(disk())?);
        let small = imresize(clean.pixels(), Target::Size((16, 24)))?;
        for pixel in small.lanes(Axis(2)) {
            assert!(pixel[0] > 0.99 && pixel[1] < -0.99, "{pixel}");
        }
        // The alpha is as it was.
        assert_eq!(clean.pixels().index_axis(Axis(2), 3), disk().index_axis(Axis(2), 3));
        Ok(())
    }

    #[test]
    fn an_alpha_that_is_opaque_everywhere_is_no_channel() -> Result<(), Error> {
        let mut pixels = disk();
        pixels.index_axis_mut(Axis(2), 3).fill(1.0);
        let clean = clean(Picture::from_pixels(pixels.clone())?);
        assert_eq!(clean.pixels(), pixels.slice(s![.., .., ..3]));
        Ok(())
    }

    #[test]
    fn a_picture_without_a_visible_pixel_stays() -> Result<(), Error> {
        let nothing = Picture::from_pixels(Array3::from_elem((5, 5, 2), -1.0))?;
        assert_eq!(clean(nothing.clone()), nothing);
        Ok(())
    }
}
