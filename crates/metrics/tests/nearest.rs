//! Compares the exact search with a brute-force search, and the approximate search with the exact one.
#![allow(clippy::unwrap_used)]

mod common;

use std::num::NonZeroUsize;

use common::{noise, scene};
use metrics::{EXACT_PAIRS, Matches, Options, PATCH, STRIDE, Search, match_patches};
use ndarray::{Array3, ArrayView3, s};

fn options(search: Search, threads: usize) -> Options {
    Options { search, threads: NonZeroUsize::new(threads) }
}

fn matches(sample: &Array3<f32>, real: &Array3<f32>, search: Search, threads: usize) -> Matches {
    match_patches(sample.view(), real.view(), &options(search, threads)).unwrap().unwrap()
}

fn patch(picture: &Array3<f32>, number: usize) -> ArrayView3<'_, f32> {
    let columns = picture.dim().1 + 1 - PATCH;
    let (row, column) = (number / columns, number % columns);
    picture.slice(s![row..row + PATCH, column..column + PATCH, ..])
}

fn count(picture: &Array3<f32>) -> usize {
    (picture.dim().0 + 1 - PATCH) * (picture.dim().1 + 1 - PATCH)
}

fn naive_distance(a: &Array3<f32>, i: usize, b: &Array3<f32>, j: usize) -> f64 {
    let (a, b) = (patch(a, i), patch(b, j));
    a.iter().zip(b).map(|(&a, &b)| (f64::from(a) - f64::from(b)).powi(2)).sum()
}

/// The number of the nearest patch of `b` (the first of several) to patch `i` of `a`, and its squared
/// distance.
fn naive(a: &Array3<f32>, i: usize, b: &Array3<f32>) -> (usize, f64) {
    (0..count(b))
        .map(|j| (j, naive_distance(a, i, b, j)))
        .reduce(|m, c| if c.1 < m.1 { c } else { m })
        .unwrap()
}

#[test]
fn exact_equals_brute_force_at_any_sizes() {
    for (sample, real) in [((23, 19), (17, 29)), ((9, 31), (30, 8)), ((7, 7), (12, 11)), ((15, 16), (7, 7))] {
        for (a, b) in [
            (noise(sample.0, sample.1, 3, 1), noise(real.0, real.1, 3, 2)),
            (scene(sample.0, sample.1, 3), scene(real.0, real.1, 4)),
        ] {
            let ours = matches(&a, &b, Search::Exact, 2);
            assert_eq!((ours.nearest.len(), ours.distance.len()), (count(&a), count(&a)));
            for i in 0..count(&a) {
                let (number, distance) = naive(&a, i, &b);
                assert_eq!(ours.nearest[i] as usize, number, "patch {i} of {sample:?} in {real:?}");
                assert!((f64::from(ours.distance[i]) - distance).abs() <= 1e-5 * distance);
            }
            let columns = b.dim().1 + 1 - PATCH;
            let on_stride = |position: usize| position.is_multiple_of(STRIDE);
            let strided = (0..count(&b)).filter(|j| on_stride(j / columns) && on_stride(j % columns));
            let expected: Vec<f64> = strided.map(|j| naive(&b, j, &a).1).collect();
            assert_eq!(ours.real_distance.len(), expected.len());
            for (&ours, expected) in ours.real_distance.iter().zip(&expected) {
                assert!((f64::from(ours) - expected).abs() <= 1e-5 * expected);
            }
            let mean = expected.iter().sum::<f64>() / (expected.len() * 147) as f64;
            assert!((ours.completeness() - mean).abs() <= 1e-5 * mean);
        }
    }
}

#[test]
fn the_first_of_equal_patches_wins() {
    let flat = Array3::from_elem((20, 22, 3), 0.25);
    for search in [Search::Exact, Search::Approximate] {
        let found = matches(&flat, &flat, search, 3);
        assert!(found.nearest.iter().all(|&n| n == 0), "{search:?}");
        assert_eq!((found.realism(), found.completeness()), (0.0, 0.0));
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let (sample, real) = (scene(60, 71, 5), scene(52, 66, 6));
    for search in [Search::Exact, Search::Approximate] {
        let one = matches(&sample, &real, search, 1);
        for threads in [2, 5] {
            assert_eq!(one, matches(&sample, &real, search, threads), "{search:?}, {threads} threads");
        }
    }
}

#[test]
fn approximate_agrees_with_exact() {
    let real = scene(90, 120, 7);
    for sample in [scene(100, 84, 8), real.slice(s![.., ..;-1, ..]).to_owned()] {
        let exact = matches(&sample, &real, Search::Exact, 2);
        let found = matches(&sample, &real, Search::Approximate, 2);
        let agree = exact.nearest.iter().zip(&found.nearest).filter(|(a, b)| a == b).count();
        let share = agree as f64 / exact.nearest.len() as f64;
        assert!(share > 0.95, "only {share:.3} of the nearest patches agree");
        for (exact, found) in exact.distance.iter().zip(&found.distance) {
            assert!(*found >= exact * (1.0 - 1e-5), "nearer than the nearest: {found} < {exact}");
        }
        assert!((found.realism() / exact.realism() - 1.0).abs() < 0.005);
        assert!((found.completeness() / exact.completeness() - 1.0).abs() < 0.005);
        assert!((found.copy_rate().unwrap() - exact.copy_rate().unwrap()).abs() < 0.01);
        assert!((found.coverage() - exact.coverage()).abs() < 0.01);
    }
}

#[test]
fn a_copy_is_recognised_by_both_searches() {
    let real = scene(64, 80, 9);
    for search in [Search::Exact, Search::Approximate] {
        let found = matches(&real, &real, search, 2);
        assert_eq!((found.realism(), found.completeness()), (0.0, 0.0), "{search:?}");
        assert_eq!((found.copy_rate(), found.coverage()), (Some(1.0), 1.0), "{search:?}");
        let part = real.slice(s![10..40, 20..60, ..]).to_owned();
        let found = matches(&part, &real, search, 2);
        assert_eq!((found.realism(), found.copy_rate()), (0.0, Some(1.0)), "{search:?}");
        assert_eq!(found.coverage(), (24 * 34) as f64 / (58 * 74) as f64, "{search:?}");
        assert!(found.completeness() > 0.0, "{search:?}");
    }
}

#[test]
fn a_copy_does_not_continue_in_the_next_row() {
    // A sample of 8 pixels in width has two patches per row, too few for a pair that is two columns apart.
    let real = noise(9, 30, 3, 10);
    let narrow = real.slice(s![.., 4..12, ..]).to_owned();
    assert_eq!(matches(&narrow, &real, Search::Exact, 1).copy_rate(), None);
    // Here the nearest patch of the neighbour is two patches further in reading order, but in the next row.
    let mut found = matches(&noise(7, 9, 3, 11), &real, Search::Exact, 1);
    found.nearest = vec![22, 0, 24];
    assert_eq!((found.real.columns, found.copy_rate()), (24, Some(0.0)));
    found.nearest = vec![21, 0, 23];
    assert_eq!(found.copy_rate(), Some(1.0));
}

#[test]
fn auto_is_exact_up_to_the_limit_of_pairs() {
    let pairs = |side: usize| (side - 6).pow(4);
    assert!(pairs(221) <= EXACT_PAIRS && pairs(222) > EXACT_PAIRS);
    assert_eq!(Search::Auto.resolve((221, 221), (221, 221)), Search::Exact);
    assert_eq!(Search::Auto.resolve((222, 222), (222, 222)), Search::Approximate);
    assert_eq!(Search::Exact.resolve((222, 222), (222, 222)), Search::Exact);
    assert_eq!(Search::Approximate.resolve((9, 9), (9, 9)), Search::Approximate);
    assert_eq!(Search::Exact.resolve((1 << 16, 1 << 16), (9, 9)), Search::Approximate);
}
