//! Compares the figures of a picture and four samples with those of a reference implementation.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;

use metrics::{Options, Search, evaluate, from_u8, match_patches, patch_swd, pixel_diversity, psnr};
use ndarray::{Array3, ArrayView3, ArrayView4, Axis};
use safetensors::SafeTensors;

/// The largest relative error allowed.
const ALLOWED: f64 = 1e-3;

struct Case {
    real: Array3<f32>,
    samples: Vec<Array3<f32>>,
    bytes: Vec<u8>,
}

impl Case {
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/golden/metrics.safetensors");
        let bytes = std::fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let real = file.tensor("real").unwrap();
        let real = ArrayView3::from_shape(to_dim(real.shape()), real.data()).unwrap();
        let samples = file.tensor("samples").unwrap();
        let dim: [usize; 4] = samples.shape().try_into().unwrap();
        let samples = ArrayView4::from_shape(dim, samples.data()).unwrap();
        let samples = samples.axis_iter(Axis(0)).map(from_u8).collect();
        Self { real: from_u8(real), samples, bytes: bytes.clone() }
    }

    fn expected(&self, name: &str) -> Vec<f64> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = file.tensor(name).unwrap();
        tensor.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect()
    }

    fn views(&self) -> Vec<ArrayView3<'_, f32>> {
        self.samples.iter().map(|s| s.view()).collect()
    }
}

fn to_dim(shape: &[usize]) -> [usize; 3] {
    shape.try_into().unwrap()
}

fn assert_close(name: &str, ours: &[f64], expected: &[f64], allowed: f64) {
    assert_eq!(ours.len(), expected.len(), "{name}");
    for (ours, expected) in ours.iter().zip(expected) {
        let error = (ours - expected).abs() / expected.abs();
        println!("{name}: {ours} for {expected}, relative error {error:.1e}");
        assert!(error <= allowed, "{name}: {ours} instead of {expected}");
    }
}

#[test]
fn the_case_has_the_parameters_of_this_implementation() {
    let case = Case::read();
    let (_, metadata) = SafeTensors::read_metadata(&case.bytes).unwrap();
    let text = metadata.metadata().as_ref().unwrap().get("case").unwrap();
    let case: serde_json::Value = serde_json::from_str(text).unwrap();
    assert_eq!(case["kind"], "metrics");
    assert_eq!(case["patch"], metrics::PATCH);
    assert_eq!(case["stride"], metrics::STRIDE);
    assert_eq!((&case["quantiles"], &case["copy_shift"]), (&512.into(), &2.into()));
}

#[test]
fn figures_computed_alone_equal_the_reference() {
    let case = Case::read();
    let options = Options { search: Search::Exact, threads: None };
    let mut swd = Vec::new();
    let (mut copy_rates, mut psnrs) = (Vec::new(), Vec::new());
    for sample in case.views() {
        swd.extend(patch_swd(case.real.view(), sample, &options).unwrap().map(Option::unwrap));
        let matches = match_patches(sample, case.real.view(), &options).unwrap().unwrap();
        copy_rates.push(matches.copy_rate().unwrap());
        psnrs.push(psnr(case.real.view(), sample).unwrap());
    }
    let diversity = pixel_diversity(case.real.view(), &case.views()).unwrap().unwrap();
    assert_close("patch_swd", &swd, &case.expected("patch_swd"), ALLOWED);
    assert_close("psnr", &psnrs, &case.expected("psnr"), ALLOWED);
    // The limit is tighter here, so that the test notices a standard deviation of the picture with divisor n
    // - 1 instead of n, which differs by 8e-5.
    assert_close("pixel_diversity", &[diversity], &case.expected("pixel_diversity"), 1e-5);
    for (ours, expected) in copy_rates.iter().zip(case.expected("copy_rate")) {
        println!("copy_rate: {ours} for {expected}");
        assert!((ours - expected).abs() <= 0.01, "copy_rate: {ours} instead of {expected}");
    }
}

#[test]
fn figures_computed_together_equal_the_reference() {
    let case = Case::read();
    let report = evaluate(case.real.view(), &case.views(), &Options::default()).unwrap();
    let pairs = |a: fn(&metrics::SampleReport) -> [Option<f64>; 2]| -> Vec<f64> {
        report.samples.iter().flat_map(a).map(Option::unwrap).collect()
    };
    let realism = pairs(|s| [s.patch_realism, s.patch_realism_2]);
    let completeness = pairs(|s| [s.patch_completeness, s.patch_completeness_2]);
    let swd: Vec<_> =
        report.samples.iter().flat_map(|s| [s.patch_swd, s.patch_swd_2, s.patch_swd_4]).flatten().collect();
    assert_close("patch_realism", &realism, &case.expected("patch_realism"), ALLOWED);
    assert_close("patch_completeness", &completeness, &case.expected("patch_completeness"), ALLOWED);
    assert_close("patch_swd", &swd, &case.expected("patch_swd"), ALLOWED);
    assert_close(
        "pixel_diversity",
        &[report.pixel_diversity.unwrap()],
        &case.expected("pixel_diversity"),
        1e-5,
    );
    for (sample, expected) in report.samples.iter().zip(case.expected("copy_rate")) {
        assert!((sample.copy_rate.unwrap() - expected).abs() <= 0.01);
    }
}
