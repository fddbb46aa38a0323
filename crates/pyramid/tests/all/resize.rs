//! Properties that a resize must have for any picture.

use ndarray::{Array3, Axis, s};
use proptest::prelude::*;
use pyramid::{Error, Target, imresize};

fn noise(shape: (usize, usize, usize)) -> Array3<f32> {
    Array3::from_shape_fn(shape, |(y, x, c)| {
        ((y * 7919 + x * 104729 + c * 1299709) % 1009) as f32 / 504.5 - 1.0
    })
}

fn close(a: &Array3<f32>, b: &Array3<f32>, tolerance: f32) -> bool {
    a.dim() == b.dim() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= tolerance)
}

proptest! {
    #[test]
    fn a_constant_stays_constant(h in 1..40usize, w in 1..40usize, to_h in 1..60usize, to_w in 1..60usize) {
        let out = imresize(Array3::from_elem((h, w, 2), 0.7).view(), Target::Size((to_h, to_w))).unwrap();
        prop_assert!(close(&out, &Array3::from_elem((to_h, to_w, 2), 0.7), 1e-6));
    }

    #[test]
    fn a_resize_is_linear(h in 2..20usize, w in 2..20usize, scale in 0.1..2.5f64) {
        let (a, b) = (noise((h, w, 3)), noise((h + 1, w, 3)).slice_move(s![1.., .., ..]));
        let resized = |pixels: &Array3<f32>| imresize(pixels.view(), Target::Scale(scale)).unwrap();
        prop_assert!(close(&resized(&(&a * 2.0 - &b)), &(resized(&a) * 2.0 - resized(&b)), 1e-5));
    }

    #[test]
    fn rows_and_columns_are_treated_alike(h in 2..20usize, w in 2..20usize, to_h in 1..30usize, to_w in 1..30usize) {
        let pixels = noise((h, w, 3));
        let out = imresize(pixels.view(), Target::Size((to_h, to_w))).unwrap();
        let transposed = pixels.view().permuted_axes([1, 0, 2]);
        let expected = imresize(transposed, Target::Size((to_w, to_h))).unwrap().permuted_axes([1, 0, 2]);
        prop_assert!(close(&out, &expected.as_standard_layout().into_owned(), 1e-5));
    }

    #[test]
    fn a_scale_rounds_up(h in 1..50usize, w in 1..50usize, scale in 0.05..3.0f64) {
        let out = imresize(noise((h, w, 1)).view(), Target::Scale(scale)).unwrap();
        let side = |n: usize| (n as f64 * scale).ceil() as usize;
        prop_assert_eq!(out.dim(), (side(h), side(w), 1));
    }
}

#[test]
fn a_resize_to_the_same_size_changes_nothing() {
    let pixels = noise((9, 13, 3));
    assert_eq!(imresize(pixels.view(), Target::Scale(1.0)).unwrap(), pixels);
    assert_eq!(imresize(pixels.view(), Target::Size((9, 13))).unwrap(), pixels);
}

#[test]
fn a_mirrored_picture_gives_the_mirrored_result() {
    let pixels = noise((16, 21, 3));
    let flipped = pixels.slice(s![.., ..;-1, ..]);
    let out = imresize(pixels.view(), Target::Size((7, 10))).unwrap();
    let mut unflipped = imresize(flipped, Target::Size((7, 10))).unwrap();
    unflipped.invert_axis(Axis(1));
    assert!(close(&out, &unflipped.as_standard_layout().into_owned(), 1e-6));
}

#[test]
fn shrinking_removes_a_fine_pattern() {
    let stripes = Array3::from_shape_fn((64, 64, 1), |(_, x, _)| if x % 2 == 0 { -1.0 } else { 1.0 });
    let out = imresize(stripes.view(), Target::Size((64, 16))).unwrap();
    // Mirroring repeats the border column, so that the pattern is interrupted near the outermost two columns.
    let inner = out.slice(s![.., 2..14, ..]);
    assert!(inner.iter().all(|v| v.abs() < 1e-6), "aliased: {:?}", inner.slice(s![0, .., 0]));
}

#[test]
fn large_values_are_not_clamped() {
    let out = imresize((noise((20, 20, 1)) * 1e6).view(), Target::Scale(0.5)).unwrap();
    assert!(out.iter().any(|v| v.abs() > 1e5));
}

#[test]
fn impossible_targets_are_refused() {
    let pixels = noise((4, 4, 3));
    for target in [
        Target::Scale(0.0),
        Target::Scale(-1.0),
        Target::Scale(f64::NAN),
        Target::Scale(f64::INFINITY),
        Target::Scale(1e-9),
        Target::Scale(1e6),
        Target::Size((0, 3)),
        Target::Size((3, 0)),
        Target::Size((usize::MAX, 2)),
    ] {
        let error = imresize(pixels.view(), target).unwrap_err();
        assert!(matches!(error, Error::Resize { .. }), "{target:?}: {error}");
    }
    assert!(imresize(Array3::zeros((0, 4, 3)).view(), Target::Size((2, 2))).is_err());
    assert_eq!(imresize(Array3::zeros((4, 4, 0)).view(), Target::Size((2, 3))).unwrap().dim(), (2, 3, 0));
}

#[test]
fn a_photo_shrinks_in_well_under_a_second() {
    let photo = Array3::from_elem((3000, 4000, 3), 0.5);
    let start = std::time::Instant::now();
    for target in [Target::Scale(250.0 / 4000.0), Target::Size((400, 250))] {
        imresize(photo.view(), target).unwrap();
    }
    println!("two resizes of 12 megapixels: {:?}", start.elapsed());
    assert!(start.elapsed().as_secs_f64() < 3.0, "{:?}", start.elapsed());
}
