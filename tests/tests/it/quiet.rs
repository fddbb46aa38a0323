//! What is told, and how.

use tests::{picture, succeeds, tell, tiny_run};

#[test]
fn quiet_commands_print_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    tiny_run(dir, "run", &[]);
    picture(40, 34).save(dir.join("p.png")).unwrap();
    for command in [
        "sample run -n2",
        "sample run --reconstruction",
        "animate run --frames 2",
        "paint run p.png",
        "report run --out r.html",
        "upscale p.png --niter 1",
        "dehaze p.png --niter 0",
        "train p.png --niter 1 --max-size 34 --train-stages 2 --filters 4 --out other",
    ] {
        let told = succeeds(dir, command.split(' ').chain(["-q"]));
        assert_eq!((told.out.as_str(), told.err.as_str()), ("", ""), "{command}");
    }
    // What was asked for is still printed.
    assert!(!succeeds(dir, ["sample", "run", "-n1", "-q", "--json"]).out.is_empty());
    assert!(!succeeds(dir, ["inspect", "run", "-q"]).out.is_empty());
}

#[test]
fn commands_that_are_shown_can_be_pasted() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    picture(40, 34).save(dir.join("my photo.png")).unwrap();
    let small = ["--niter", "1", "--max-size", "34", "--train-stages", "2", "--filters", "4"];
    let told = tell(dir, ["train", "my photo.png"].iter().chain(&small).copied());
    assert!(told.err.contains("consingan sample 'runs/my photo' -n"), "{}", told.err);
}
