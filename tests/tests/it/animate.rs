//! `consingan animate`: walks that move, loops that close, files that are whole.

use image::AnimationDecoder;
use image::codecs::gif::GifDecoder;
use image::codecs::webp::WebPDecoder;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use tests::{json_lines, names, refused, succeeds, tiny_run};

/// The frames of a directory of PNGs.
fn frames(dir: &Path) -> Vec<Vec<u8>> {
    names(dir).into_iter().map(|name| image::open(dir.join(name)).unwrap().to_rgb8().into_raw()).collect()
}

fn difference(a: &[u8], b: &[u8]) -> f64 {
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

#[test]
fn a_loop_closes_and_an_open_walk_begins_at_the_picture() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &["--niter", "60", "--task", "animation"]);
    let animate = |out: &str, more: &[&str]| {
        let args =
            ["animate", "run", "--format", "png", "--frames", "12", "--start-stage", "0", "--out", out];
        succeeds(dir, args.iter().chain(more));
        frames(&dir.join(out))
    };
    let closed = animate("closed", &["--loop"]);
    assert_eq!(closed.len(), 12);
    let steps: Vec<f64> = closed.windows(2).map(|pair| difference(&pair[0], &pair[1])).collect();
    let largest = steps.iter().copied().fold(0.0, f64::max);
    assert!(largest > 0.2, "nothing moves: {steps:?}");
    assert!(difference(&closed[11], &closed[0]) <= 1.5 * largest, "{steps:?}");

    let open = animate("open", &[]);
    succeeds(dir, ["sample", "run", "--reconstruction", "--out", "rec"]);
    let reconstruction = image::open(dir.join("rec/reconstruction.png")).unwrap().to_rgb8().into_raw();
    let away = |i: usize| difference(&open[i], &reconstruction);
    assert!(away(0) < away(11), "{} {}", away(0), away(11));
    assert!(animate("again", &["--threads", "1"]) == open);
    assert!(animate("other", &["--seed", "1"]) != open);
    // With all of the pull nothing moves.
    let still = animate("still", &["--alpha", "1"]);
    assert!(still.iter().all(|frame| difference(frame, &reconstruction) < 0.01));
}

#[test]
fn files_are_what_their_names_say() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    let told = succeeds(dir, ["animate", "run", "--frames", "3", "--json"]);
    assert_eq!(json_lines(&told.out)[0]["frames"], 3);
    succeeds(dir, ["animate", "run", "--frames", "2"]);
    assert!(dir.join("run/animation-2.gif").exists());
    let gif = GifDecoder::new(BufReader::new(File::open(dir.join("run/animation.gif")).unwrap())).unwrap();
    assert_eq!(gif.into_frames().count(), 3);
    succeeds(dir, ["animate", "run", "--frames", "4", "--out", "a/b.webp", "--fps", "25"]);
    let webp = WebPDecoder::new(BufReader::new(File::open(dir.join("a/b.webp")).unwrap())).unwrap();
    let frames = webp.into_frames().collect_frames().unwrap();
    assert_eq!((frames.len(), frames[0].delay().numer_denom_ms()), (4, (40, 1)));

    assert!(refused(dir, ["animate", "run", "--out", "a/b.webp"]).contains("exists already"));
    assert!(refused(dir, ["animate", "run", "--alpha", "2"]).contains("alpha"));
    assert!(refused(dir, ["animate", "run", "--loop", "--alpha", "0"]).contains("loop"));
    assert!(refused(dir, ["animate", "run", "--start-stage", "2"]).contains("start-stage"));
    assert!(refused(dir, ["animate", "run", "--fps", "0"]).contains("fps"));
}
