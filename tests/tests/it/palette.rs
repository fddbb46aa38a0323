//! `--palette`: results in the training picture's own colours.

use image::{Rgb, RgbImage};
use std::collections::BTreeSet;
use std::path::Path;
use tests::{refused, succeeds, tiny_run};

fn colours(path: &Path) -> BTreeSet<[u8; 3]> {
    image::open(path).unwrap().to_rgb8().pixels().map(|p| p.0).collect()
}

#[test]
fn a_game_level_comes_back_in_its_own_colours() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let tile = |x: u32, y: u32| (x / 4 * 7 + y / 4 * 5 + x / 12) % 12;
    let level = RgbImage::from_fn(90, 26, |x, y| {
        let k = tile(x, y);
        Rgb([k * 21, 255 - k * 9, (k * 67) % 200].map(|v| v as u8))
    });
    level.save(dir.join("level.png")).unwrap();
    let settings =
        ["--niter", "3", "--filters", "4", "--train-stages", "2", "--max-size", "60", "--min-size", "15"];
    succeeds(dir, [&["train", "level.png", "--out", "run"][..], &settings].concat());
    let own = colours(&dir.join("level.png"));
    assert_eq!(own.len(), 12);
    succeeds(dir, ["sample", "run", "-n", "2", "--palette", "--out", "samples"]);
    succeeds(dir, ["animate", "run", "--frames", "2", "--format", "png", "--palette", "--out", "frames"]);
    for path in ["samples/sample-0000.png", "samples/sample-0001.png", "frames/frame-0001.png"] {
        let found = colours(&dir.join(path));
        assert!(found.is_subset(&own), "{path}: {found:?}");
    }
    tiny_run(dir, "many", &[]);
    let told = refused(dir, ["sample", "many", "--palette", "--out", "x"]);
    assert!(told.contains("more than 256 colours"), "{told}");
}
