//! Transfers the network's output into the naive picture at its full size.

use super::fit::Fit;
use super::tone::Tone;
use crate::{Result, Transfer};
use ndarray::{Array2, Array3};

/// Where the naive picture may change.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Places<'a> {
    /// The amount of change per pixel, at the naive picture's size.
    pub(crate) soft: &'a Array2<f32>,
    /// The pasted part without its surroundings: 1 inside, 0 outside, at the network's size.
    pub(crate) pasted: &'a Array2<f32>,
    /// The training picture, of the network's size.
    pub(crate) real: &'a Array3<f32>,
    /// The resizes between both sizes.
    pub(crate) fit: Fit,
}

/// Transfers `network` into `naive`, which may have another size.
pub(crate) fn transfer(
    transfer: Transfer,
    naive: &Array3<f32>,
    network: &Array3<f32>,
    places: Places<'_>,
) -> Result<Array3<f32>> {
    let fit = places.fit;
    let wanted = match transfer {
        Transfer::Picture | Transfer::Seams => fit.up(network)?,
        Transfer::Change => naive + &fit.up(&(network - &fit.down(naive)?))?,
        Transfer::Colours => {
            let mut matched = super::colours::matched(naive, network, places.real, places.pasted)?;
            if let Some(tone) = Tone::of(places.real) {
                tone.tint(&mut matched);
            }
            matched
        }
    };
    let mut result = naive.clone();
    for ((y, x, c), v) in result.indexed_iter_mut() {
        let m = places.soft[[y, x]];
        if m > 0.0 {
            *v = (*v + m * (wanted[[y, x, c]] - *v)).clamp(-1.0, 1.0);
        }
    }
    Ok(result)
}
