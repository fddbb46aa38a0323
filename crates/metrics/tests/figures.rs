//! Properties that the figures have for any pictures, and the errors for inputs from which no figure can be
//! computed.
#![allow(clippy::unwrap_used)]

mod common;

use common::{noise, scene};
use metrics::{
    Error, Evaluation, Options, Reference, SampleReport, colour_error, evaluate, from_u8, match_patches,
    patch_swd, pixel_diversity, psnr, ssim,
};
use ndarray::{Array2, Array3, Axis, concatenate, s};

fn options() -> Options {
    Options::default()
}

#[test]
fn the_picture_itself_is_perfect() {
    let real = scene(61, 75, 1);
    let report = evaluate(real.view(), &[real.view(), real.view()], &options()).unwrap();
    for (name, value) in report.mean.figures() {
        let best = if matches!(name, "copy_rate" | "coverage") { 1.0 } else { 0.0 };
        assert_eq!(value, Some(best), "{name}");
    }
    assert_eq!(report.pixel_diversity, Some(0.0));
    assert_eq!(psnr(real.view(), real.view()), Ok(f64::INFINITY));
    assert!((ssim(real.view(), real.view()).unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn noise_has_larger_distances_than_the_mirrored_picture() {
    let real = scene(110, 130, 2);
    let reference = Reference::new(real.view(), &options()).unwrap();
    let (noisy, floor) = (reference.compare(noise(110, 130, 3, 3).view()).unwrap(), reference.floor());
    for ((name, bad), (_, good)) in noisy.figures().iter().zip(floor.figures()).take(7) {
        let factor = if name.starts_with("patch_realism") { 2.0 } else { 1.0 };
        assert!(bad.unwrap() > factor * good.unwrap(), "{name}: {bad:?} against {good:?}");
    }
    let mirrored = real.slice(s![.., ..;-1, ..]);
    assert_eq!(reference.compare(mirrored).unwrap(), floor);
}

#[test]
fn gray_counts_as_three_equal_channels_and_alpha_is_left_out() {
    let (real, sample) = (noise(30, 34, 1, 4), noise(29, 41, 1, 5));
    let triple = |p: &Array3<f32>| concatenate![Axis(2), *p, *p, *p];
    let with_alpha = |p: &Array3<f32>| {
        let alpha = noise(p.dim().0, p.dim().1, 1, 6);
        concatenate![Axis(2), *p, alpha]
    };
    let report = |real: &Array3<f32>, sample: &Array3<f32>| {
        evaluate(real.view(), &[sample.view(), sample.view()], &options()).unwrap()
    };
    let expected = report(&real, &sample);
    assert_eq!(expected, report(&triple(&real), &triple(&sample)));
    assert_eq!(expected, report(&with_alpha(&real), &with_alpha(&sample)));
    assert_eq!(expected, report(&with_alpha(&triple(&real)), &sample));
    let other = noise(30, 34, 1, 7);
    let values = |a: &Array3<f32>, b: &Array3<f32>| {
        (psnr(a.view(), b.view()).unwrap(), ssim(a.view(), b.view()).unwrap())
    };
    assert_eq!(values(&real, &other), values(&with_alpha(&triple(&real)), &triple(&other)));
}

#[test]
fn figures_are_the_same_together_and_alone() {
    let (real, a, b) = (scene(40, 50, 8), scene(44, 38, 9), scene(44, 38, 10));
    let report = evaluate(real.view(), &[a.view(), b.view()], &options()).unwrap();
    let [full, half, quarter] = patch_swd(real.view(), a.view()).unwrap();
    let first = report.samples[0];
    assert_eq!([first.patch_swd, first.patch_swd_2, first.patch_swd_4], [full, half, quarter]);
    let matches = match_patches(a.view(), real.view(), &options()).unwrap().unwrap();
    assert_eq!(first.patch_realism, Some(matches.realism()));
    assert_eq!(first.patch_completeness, Some(matches.completeness()));
    assert_eq!((first.copy_rate, first.coverage), (matches.copy_rate(), Some(matches.coverage())));
    assert_eq!(report.pixel_diversity, pixel_diversity(real.view(), &[a.view(), b.view()]).unwrap());
    let mean = (report.samples[0].patch_swd.unwrap() + report.samples[1].patch_swd.unwrap()) / 2.0;
    assert_eq!(report.mean.patch_swd, Some(mean));
}

#[test]
fn small_pictures_lack_figures_and_nothing_panics() {
    let sides = [1, 2, 6, 7, 8, 9, 13, 14, 15, 27, 28, 29];
    for height in sides {
        for width in sides {
            let (real, sample) = (noise(height, width, 3, 11), noise(width, height, 3, 12));
            let report = evaluate(real.view(), &[sample.view(), sample.view()], &options()).unwrap();
            let fits = |scale: usize| height.min(width) / scale >= 7;
            let expected = [1, 2, 4, 1, 2, 1, 2].map(fits);
            for ((name, value), expected) in report.mean.figures().iter().zip(expected) {
                assert_eq!(value.is_some(), expected, "{name} at {height}x{width}");
                assert!(value.is_none_or(f64::is_finite));
            }
            // The sample has the height and width of the picture exchanged: it is as wide as the picture is
            // high.
            assert_eq!(report.mean.copy_rate.is_some(), fits(1) && height >= 9);
            assert_eq!(report.mean.coverage.is_some(), fits(1));
        }
    }
    let mixed = [SampleReport { coverage: Some(0.5), ..Default::default() }, SampleReport::default()];
    assert_eq!(SampleReport::mean(&mixed).coverage, Some(0.5));
    assert_eq!(SampleReport::mean(&mixed).patch_swd, None);
}

#[test]
fn pixel_diversity_equals_a_calculation_by_hand() {
    let real = Array3::from_shape_vec((1, 4, 1), vec![-1.0, 1.0, -1.0, 1.0]).unwrap();
    let flat = |value: f32| Array3::from_elem((2, 3, 1), value);
    let samples = [flat(0.0), flat(0.5), flat(-0.5)];
    let views: Vec<_> = samples.iter().map(|s| s.view()).collect();
    // The standard deviation of 0, 1/2, -1/2 with divisor n - 1 is 1/2; that of the picture with divisor n is
    // 1.
    assert!((pixel_diversity(real.view(), &views).unwrap().unwrap() - 0.5).abs() < 1e-12);
    assert_eq!(pixel_diversity(real.view(), &views[..1]), Ok(None));
    assert_eq!(pixel_diversity(flat(0.3).view(), &views), Ok(None));
    let other_size = noise(2, 4, 3, 13);
    let error = pixel_diversity(real.view(), &[views[0], other_size.view()]);
    assert_eq!(error, Err(Error::SizeMismatch { expected: (2, 3), found: (2, 4) }));
    let reference = Reference::new(real.view(), &options()).unwrap();
    let mut evaluation = Evaluation::new(&reference);
    for sample in [views[0], other_size.view(), views[1], views[2]] {
        evaluation.add(sample).unwrap();
    }
    assert_eq!(evaluation.report().pixel_diversity, None);
}

#[test]
fn ssim_and_psnr_equal_scikit_image() {
    let pattern = |factor: usize| {
        Array3::from_shape_fn((24, 31, 3), |(y, x, c)| {
            ((y * (7 + c) + x * (11 - 2 * c) + x * y * factor) % 64) as f64 / 31.5 - 1.0
        })
    };
    let a = pattern(1);
    let b = ((&a + &(pattern(3) * 0.5)) / 1.5).mapv(|v| v as f32);
    let a = a.mapv(|v| v as f32);
    // structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=2,
    // channel_axis=2) and peak_signal_noise_ratio(a, b, data_range=2) of scikit-image 0.26.
    assert!((ssim(a.view(), b.view()).unwrap() - 0.568_931_388_463_186_5).abs() < 1e-9);
    assert!((psnr(a.view(), b.view()).unwrap() - 17.571_955_233_515_478).abs() < 1e-9);
    let small = noise(10, 40, 3, 14);
    let error = ssim(small.view(), small.view());
    assert_eq!(error, Err(Error::TooSmall { height: 10, width: 40, least: 11 }));
}

#[test]
fn colour_error_counts_only_the_mask() {
    let a = Array3::<f32>::zeros((4, 5, 3));
    let mut b = a.clone();
    b.slice_mut(s![..2, .., ..]).fill(0.5);
    b.slice_mut(s![..2, .., 1]).fill(-1.0);
    b.slice_mut(s![2.., .., ..]).fill(1.0);
    let mut mask = Array2::<f32>::zeros((4, 5));
    assert_eq!(colour_error(a.view(), b.view(), mask.view()), Ok(None));
    mask.slice_mut(s![..2, ..]).fill(1.0);
    let near = |value: Result<Option<f64>, Error>, expected: f64| {
        assert!((value.unwrap().unwrap() - expected).abs() < 1e-7);
    };
    near(colour_error(a.view(), b.view(), mask.view()), 2.0 / 3.0);
    mask.slice_mut(s![2.., ..]).fill(0.5);
    near(colour_error(a.view(), b.view(), mask.view()), (2.0 / 3.0 + 0.5) / 1.5);
    mask[[3, 4]] = 1.5;
    let error = colour_error(a.view(), b.view(), mask.view());
    assert_eq!(error, Err(Error::MaskWeight { row: 3, column: 4, value: 1.5 }));
    let error = colour_error(a.view(), b.view(), mask.slice(s![.., ..3]));
    assert_eq!(error, Err(Error::SizeMismatch { expected: (4, 5), found: (4, 3) }));
}

#[test]
fn invalid_pictures_are_refused() {
    let good = scene(12, 14, 15);
    let error_of = |bad: &Array3<f32>| evaluate(good.view(), &[bad.view()], &options()).unwrap_err();
    assert_eq!(error_of(&Array3::zeros((12, 14, 17))), Error::Channels { channels: 17 });
    assert_eq!(error_of(&Array3::zeros((12, 14, 0))), Error::Channels { channels: 0 });
    assert_eq!(error_of(&Array3::zeros((0, 14, 3))), Error::Empty { height: 0, width: 14 });
    let mut bad = good.clone();
    bad[[3, 4, 1]] = 117.0;
    let error = error_of(&bad);
    assert_eq!(error, Error::Value { row: 3, column: 4, channel: 1, value: 117.0 });
    assert!(error.to_string().contains("[-1, 1]") && error.to_string().contains("117"));
    bad[[3, 4, 1]] = f32::NAN;
    assert!(matches!(error_of(&bad), Error::Value { row: 3, column: 4, channel: 1, .. }));
    assert!(matches!(psnr(good.view(), bad.view()), Err(Error::Value { .. })));
    assert_eq!(evaluate(good.view(), &[], &options()), Err(Error::NoSamples));
    assert!(matches!(psnr(good.view(), good.slice(s![1.., .., ..])), Err(Error::SizeMismatch { .. })));
}

#[test]
fn bytes_become_values_from_minus_one_to_one() {
    let bytes = Array3::from_shape_vec((1, 1, 3), vec![0u8, 51, 255]).unwrap();
    let values = from_u8(bytes.view());
    assert_eq!((values[[0, 0, 0]], values[[0, 0, 2]]), (-1.0, 1.0));
    assert!((values[[0, 0, 1]] + 0.6).abs() < 1e-6);
}
