//! Tasks that change sizes and edges: retargeting, tiling, painting.

use image::GenericImageView;
use std::path::Path;
use tests::{json_lines, names, picture, refused, succeeds, tiny_run};

fn open(path: &Path) -> image::RgbImage {
    image::open(path).unwrap().to_rgb8()
}

#[test]
fn a_task_brings_its_settings_and_is_kept_with_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let run = tiny_run(dir, "run", &["--task", "retarget"]);
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(config.contains("border = \"padded\""), "{config}");
    let told = succeeds(dir, ["inspect", "run", "--json"]);
    assert_eq!(json_lines(&told.out)[0]["info"]["task"], "retarget");
    succeeds(dir, ["sample", "run", "-n1", "--size", "30x90", "--out", "wide"]);
    assert_eq!(image::open(dir.join("wide/sample-0000.png")).unwrap().dimensions(), (90, 30));

    // The official program's name of the flag; a file may name the task as well.
    std::fs::write(dir.join("a.toml"), "task = \"animation\"").unwrap();
    let told =
        succeeds(dir, ["train", "tiny.png", "--config", "a.toml", "--dry-run", "--json", "--max-size", "40"]);
    assert_eq!(json_lines(&told.out)[0]["config"]["min-size"], 20);
    let told = succeeds(
        dir,
        ["train", "tiny.png", "--train_mode", "retarget", "--dry-run", "--json", "--max-size", "40"],
    );
    assert_eq!(json_lines(&told.out)[0]["config"]["border"], "padded");
    let err = refused(dir, ["train", "tiny.png", "--task", "knitting"]);
    assert!(err.contains("knitting") && err.contains("generation"), "{err}");
}

#[test]
fn tiles_differ_from_other_samples_only_in_how_their_edges_are_made() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for task in ["generation", "retarget"] {
        tiny_run(dir, task, &["--niter", "30", "--task", task]);
        for tile in ["x", "y", "xy"] {
            let out = format!("{task}-{tile}");
            succeeds(dir, ["sample", task, "-n2", "--tile", tile, "--out", &out]);
            assert_eq!(open(&dir.join(&out).join("sample-0000.png")).dimensions(), (40, 34));
        }
        let one = |out: &str| std::fs::read(dir.join(format!("{task}-{out}/sample-0001.png"))).unwrap();
        assert!(one("x") != one("y") && one("xy") != one("y"));
        succeeds(
            dir,
            ["sample", task, "-n1", "--tile", "xy", "--size", "20x60", "--out", &format!("{task}-wide")],
        );
        assert_eq!(open(&dir.join(format!("{task}-wide/sample-0000.png"))).dimensions(), (60, 20));
    }
    let err = refused(dir, ["sample", "retarget", "--tile", "z"]);
    assert!(err.contains("xy"), "{err}");
}

#[test]
fn a_painting_is_refined_at_every_stage_it_can_enter() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &["--niter", "30"]);
    picture(90, 70).save(dir.join("painting.png")).unwrap();
    for stage in ["0", "1"] {
        let told = succeeds(dir, ["paint", "run", "painting.png", "--start-stage", stage, "-n2", "--json"]);
        assert_eq!(told.out.lines().count(), 3);
    }
    // The results have the painting's shape and the training picture's area.
    let made = dir.join("run/painted/painting");
    assert_eq!(
        names(&made).into_iter().collect::<Vec<_>>(),
        ["painted-0000.png", "painted-0001.png", "painting.png"]
    );
    assert_eq!(open(&made.join("painting.png")).dimensions(), (32, 24));
    let painted = |folder: &str, name: &str| open(&dir.join("run/painted").join(folder).join(name));
    assert_eq!(painted("painting", "painted-0000.png").dimensions(), (42, 33));
    // It enters at the size of the stage, and the noise above makes variants.
    assert_eq!(painted("painting-2", "painting.png").dimensions(), (42, 33));
    assert!(painted("painting", "painted-0000.png") != painted("painting", "painted-0001.png"));

    succeeds(dir, ["paint", "run", "painting.png", "--colours", "3", "--out", "few", "--size", "50x60"]);
    let few = open(&dir.join("few/painting.png"));
    let colours: std::collections::HashSet<_> = few.pixels().collect();
    assert_eq!(colours.len(), 3);
    assert_eq!(open(&dir.join("few/painted-0000.png")).dimensions(), (60, 50));

    // A run that was trained for paintings.
    tiny_run(dir, "painter", &["--task", "paint", "--niter", "12"]);
    succeeds(dir, ["paint", "painter", "painting.png", "--out", "painted"]);
    succeeds(dir, ["sample", "painter", "-n1", "--out", "roughs"]);

    // A gray painting for a run in colour, and what cannot be.
    image::open(dir.join("painting.png")).unwrap().to_luma8().save(dir.join("gray.png")).unwrap();
    succeeds(dir, ["paint", "run", "gray.png", "--out", "gray", "--format", "safetensors"]);
    assert!(refused(dir, ["paint", "run", "painting.png", "--start-stage", "2"]).contains("start-stage"));
    assert!(refused(dir, ["paint", "run", "painting.png", "--colours", "1"]).contains("colours"));
    refused(dir, ["paint", "run", "nothing.png"]);
    refused(dir, ["paint", "painting.png", "painting.png"]);
}

#[test]
fn auto_fits_the_run_to_the_time() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    picture(160, 120).save(dir.join("picture.png")).unwrap();
    let plan = |more: &[&str]| {
        let args = ["train", "picture.png", "--preset", "auto", "--dry-run", "--json", "--filters", "8"];
        json_lines(&succeeds(dir, args.iter().chain(more)).out).remove(0)["config"].clone()
    };
    let long = plan(&["--minutes", "600"]);
    assert_eq!((long["max-size"].as_u64(), long["train-stages"].as_u64()), (Some(160), Some(6)));
    // What was asked for wins.
    let asked = plan(&["--minutes", "600", "--niter", "70", "--train-stages", "3"]);
    assert_eq!((asked["niter"].as_u64(), asked["train-stages"].as_u64()), (Some(70), Some(3)));
    assert!(refused(dir, ["train", "picture.png", "--minutes", "3"]).contains("--preset auto"));
    assert!(refused(dir, ["train", "picture.png", "--preset", "auto", "--minutes", "0"]).contains("minutes"));
}
