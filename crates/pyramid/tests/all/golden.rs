//! Compares resizes and pyramids with those of the reference implementation.

use std::path::{Path, PathBuf};

use ndarray::{ArrayView3, ArrayViewD};
use pyramid::{Picture, Schedule, Spacing, Target, imresize, pyramid};
use safetensors::{Dtype, SafeTensors};
use serde_json::Value;

#[test]
fn imresize_equals_the_reference() {
    let seen = each_case("imresize-", |name, tensors, case| {
        let input = bytes(tensors, "input");
        let target = match &case["size"] {
            Value::Array(size) => Target::Size((integer(&size[0]), integer(&size[1]))),
            _ => Target::Scale(case["scale"].as_f64().unwrap()),
        };
        let output = imresize(input.mapv(f32::from).view(), target).unwrap();
        let (shape, expected) = doubles(tensors, "output");
        assert_eq!(output.shape(), shape, "{name}");
        let worst = output.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        assert!(worst <= 1e-4, "{name}: off by {worst}");
    });
    assert!(seen >= 6, "only {seen} cases");
}

#[test]
fn pyramid_equals_the_reference() {
    let seen = each_case("pyramid-", |name, tensors, case| {
        let config = &case["config"];
        let schedule = Schedule {
            min_size: integer(&config["min_size"]),
            max_size: integer(&config["max_size"]),
            stages: integer(&config["stages"]),
            spacing: match config["mode"].as_str().unwrap() {
                "harmonization" => Spacing::Geometric,
                _ => Spacing::Improved,
            },
        };
        let picture = Picture::from_u8(bytes(tensors, "input")).unwrap();
        let stages = pyramid(&picture, &schedule, 11).unwrap();
        assert_eq!(stages.len(), schedule.stages);
        let sizes = schedule.sizes(picture.size(), 11).unwrap();
        for (i, (stage, size)) in stages.iter().zip(sizes).enumerate() {
            let (shape, expected) = doubles(tensors, &format!("real.{i}"));
            let planes = stage.to_planar();
            assert_eq!(planes.shape(), &shape[1..], "{name}, stage {i}");
            assert_eq!(stage.size(), size);
            let worst =
                planes.iter().zip(&expected).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
            assert!(worst <= 2e-2, "{name}, stage {i}: off by {worst}");
        }
    });
    assert!(seen >= 2, "only {seen} cases");
}

/// Calls `check` with the path, the tensors and the description of each golden file whose name starts with
/// `prefix`. Returns the number of files.
fn each_case(prefix: &str, check: impl Fn(&str, &SafeTensors<'_>, &Value)) -> usize {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/golden");
    let mut paths: Vec<PathBuf> = directory.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(prefix));
    paths.sort();
    for path in &paths {
        let data = std::fs::read(path).unwrap();
        let (_, metadata) = SafeTensors::read_metadata(&data).unwrap();
        let case = serde_json::from_str(&metadata.metadata().as_ref().unwrap()["case"]).unwrap();
        check(&path.display().to_string(), &SafeTensors::deserialize(&data).unwrap(), &case);
    }
    paths.len()
}

fn integer(value: &Value) -> usize {
    value.as_u64().unwrap() as usize
}

fn bytes<'a>(tensors: &'a SafeTensors<'_>, name: &str) -> ArrayView3<'a, u8> {
    let tensor = tensors.tensor(name).unwrap();
    let shape = tensor.shape().to_vec();
    ArrayViewD::from_shape(shape, tensor.data()).unwrap().into_dimensionality().unwrap()
}

fn doubles(tensors: &SafeTensors<'_>, name: &str) -> (Vec<usize>, Vec<f64>) {
    let tensor = tensors.tensor(name).unwrap();
    let values = match tensor.dtype() {
        Dtype::F64 => tensor.data().as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
        Dtype::F32 => tensor.data().as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
        other => panic!("{name}: {other:?}"),
    };
    (tensor.shape().to_vec(), values)
}
