//! Command lines and settings of the official programs, given to this one.

use tests::{names, picture, refused, succeeds, tell, tiny_run};

/// A folder with a picture.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("a.png")).unwrap();
    dir
}

#[test]
fn regression_a_pasted_training_stopped_at_its_first_flag() {
    let dir = folder();
    let line = "train --dry-run --gpu 0 --train_mode generation --input_name a.png --train_stages 2 --lr_scale 0.5 \
                --max_size 40 --nc_im 3 --padd_size 0 --activation lrelu --batch_norm --not_cuda";
    let told = succeeds(dir.path(), line.split_whitespace());
    assert!(told.out.contains("train-stages = 2") && told.out.contains("lr-scale = 0.5"), "{}", told.out);
    let notes: Vec<&str> = told.err.lines().filter(|line| line.contains("without effect here")).collect();
    assert_eq!(notes.len(), 1, "{}", told.err);
    assert!(notes[0].contains("--nc_im 3") && notes[0].contains("--padd_size 0"), "{}", told.err);
}

#[test]
fn settings_files_have_official_keys() {
    let dir = folder();
    let dir = dir.path();
    let train = ["train", "a.png", "--dry-run", "--config", "c.toml"];
    std::fs::write(dir.join("c.toml"), "train_stages = 2\nmax_size = 40\nnfc = 8\ngpu = 0\n").unwrap();
    let told = succeeds(dir, train);
    assert!(told.out.contains("filters = 8") && told.err.contains("gpu = 0 ("), "{}{}", told.out, told.err);
    std::fs::write(dir.join("c.toml"), "nfc = 8\nnaive_img = \"b.png\"\n").unwrap();
    let error = refused(dir, train);
    assert!(
        error.contains("c.toml:2: naive_img") && error.contains("hint: consingan harmonize RUN b.png"),
        "{error}"
    );
    // Lines keep their numbers.
    std::fs::write(dir.join("c.toml"), "gpu = 0\nnfc = \"x\"\n").unwrap();
    assert!(refused(dir, train).contains("c.toml:2: invalid type"));
}

#[test]
fn a_run_that_is_there_is_used_and_one_that_is_not_is_made_first() {
    let dir = folder();
    let dir = dir.path();
    let script = ["random_samples.py", "--input_name", "a.png", "--mode", "random_samples"];
    let error = refused(dir, script);
    assert!(
        error.contains("consingan train a.png --preset paper && consingan sample runs/a -n 50"),
        "{error}"
    );
    tiny_run(dir, "runs/a", &["--task", "editing"]);
    assert!(refused(dir, script).contains("hint: consingan sample runs/a -n 50"));
    // The run knows its task.
    let error =
        refused(dir, ["train", "a.png", "--fine_tune", "--model_dir", "runs/a", "--naive_img", "b.png"]);
    assert!(error.contains("hint: consingan edit runs/a b.png --fine-tune"), "{error}");
    let line = ["sample", "--model_dir", "runs/a", "--num_samples", "2", "--scale_h", "1.5", "--quiet"];
    let told = succeeds(dir, line);
    assert!(told.out.is_empty() && told.err.is_empty(), "{}{}", told.out, told.err);
    assert!(dir.join("runs/a/samples/seed-0/sample-0001.png").is_file());
}

#[test]
fn a_folder_of_the_official_program_is_imported_first() {
    let dir = folder();
    let dir = dir.path();
    std::fs::create_dir(dir.join("model")).unwrap();
    std::fs::write(dir.join("model/parameters.txt"), "niter\t-\t2000\n").unwrap();
    for line in [
        ["evaluate_model.py", "--model_dir", "model", "--num_samples", "5"],
        ["sample", "--model_dir", "model", "--num_samples", "5"],
    ] {
        let error = refused(dir, line);
        let hint = "hint: consingan import model --out runs/model && consingan sample runs/model -n 5";
        assert!(error.contains(hint), "{error}");
    }
}

#[test]
fn regression_a_mistyped_flag_was_offered_as_a_file_name() {
    let dir = folder();
    let dir = dir.path();
    for (flag, hint) in [
        ("--trian-stages", "hint: a similar argument exists: '--train-stages'"),
        ("--trian_stages", "hint: a similar argument exists: '--train-stages'"),
        ("--quite", "hint: a similar argument exists: '--quiet'"),
        ("--picture", "hint: --help says what each flag takes"),
        ("-z", "hint: --help says what each flag takes"),
    ] {
        let error = refused(dir, ["train", "a.png", flag]);
        assert!(error.contains(hint) && !error.contains("-- -"), "{error}");
    }
    // Flags of other commands are not offered.
    assert!(!refused(dir, ["sample", "a", "--train-stage", "3"]).contains("train-stages"));
    assert_eq!(tell(dir, ["--train_stages", "3"]).status, Some(2));
    assert!(names(dir).iter().eq(["a.png"]));
}
