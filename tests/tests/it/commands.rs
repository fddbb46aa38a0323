//! `inspect`, `evaluate`, `bench`, `completions`, help.

use std::path::Path;
use tests::{TINY, json_lines, picture, refused, succeeds, tell, tiny_run};

#[test]
fn inspect_says_what_a_run_is() {
    let dir = tempfile::tempdir().unwrap();
    tiny_run(dir.path(), "run", &["--seed", "5"]);
    let out = succeeds(dir.path(), ["inspect", "run"]).out;
    for part in ["tiny.png", "40x48", "finished", "34x40", "parameters", "seed 5", "reconstruction"] {
        assert!(out.contains(part), "{part} is not in\n{out}");
    }
    let value = &json_lines(&succeeds(dir.path(), ["inspect", "run", "--json"]).out)[0];
    assert_eq!(value["finished"], true);
    assert_eq!(value["config"]["filters"], 8);
    assert_eq!(value["info"]["losses"].as_array().unwrap().len(), 2);
    // Head 3 -> 8, stages of three blocks 8 -> 8, tail 8 -> 3; the critic has one stage and ends in one channel.
    let conv = |from: usize, to: usize| to * (from * 9 + 1);
    assert_eq!(value["parameters"]["generator"], conv(3, 8) + 2 * 3 * conv(8, 8) + conv(8, 3));
    assert_eq!(value["parameters"]["discriminator"], conv(3, 8) + 3 * conv(8, 8) + conv(8, 1));
}

#[test]
fn bench_prints_a_line_a_stage() {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("a.png")).unwrap();
    let told = succeeds(dir.path(), ["bench", "a.png", "--iters", "1", "--stages", "2", "--max-size", "40"]);
    let lines: Vec<&str> = told.out.lines().collect();
    assert_eq!(lines.len(), 2);
    for (stage, (line, size)) in lines.into_iter().zip(["[25,30]", "[34,40]"]).enumerate() {
        // Scripts compare such lines as text.
        let begin = format!(r#"{{"stage":{stage},"size":{size},"ms_per_iter":"#);
        let ms = line.strip_prefix(&begin).and_then(|l| l.strip_suffix('}'));
        assert!(ms.is_some_and(|ms| ms.parse::<f64>().is_ok_and(|ms| ms > 0.0)), "{line}");
    }
    for bad in [["--iters", "0"], ["--stages", "0"], ["--stages", "100"], ["--max-size", "10"]] {
        refused(dir.path(), ["bench", "a.png"].into_iter().chain(bad));
    }
    refused(dir.path(), ["bench", "missing.png"]);
}

#[test]
fn evaluate_scores_a_run_and_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    tiny_run(dir.path(), "run", &[]);
    let score = |args: &[&str]| {
        json_lines(&succeeds(dir.path(), ["evaluate", "--json"].iter().chain(args)).out)[0].clone()
    };
    let own = score(&["run", "-n", "3", "--seed", "2"]);
    assert_eq!(own["samples"], 3);
    assert!(own["patch_swd"].as_f64() > Some(0.0), "{own}");
    assert_eq!(own, score(&["run", "-n", "3", "--seed", "2", "--threads", "1"]));
    // The picture itself is as realistic as can be, and nothing but a copy.
    std::fs::create_dir(dir.path().join("copies")).unwrap();
    for name in ["a.png", "b.png"] {
        std::fs::copy(dir.path().join("tiny.png"), dir.path().join("copies").join(name)).unwrap();
    }
    let copies = score(&["--samples", "copies", "--real", "tiny.png"]);
    assert!(
        copies["copy_rate"].as_f64() > Some(0.9) && copies["patch_swd"].as_f64() < Some(1e-3),
        "{copies}"
    );

    std::fs::create_dir(dir.path().join("empty")).unwrap();
    std::fs::write(dir.path().join("file"), "x").unwrap();
    for args in [
        "",
        "missing",
        "run -n 0",
        "run -n -1",
        "run --seed -1",
        "run --inception file",
        "run --inception missing",
        "run --real tiny.png",
        "run --samples copies --real tiny.png",
        "--samples copies",
        "--samples empty --real tiny.png",
        "--samples missing --real tiny.png",
        "--samples copies --real file",
        "--samples copies --real missing",
    ] {
        refused(dir.path(), ["evaluate"].into_iter().chain(args.split_whitespace()));
    }
}

#[test]
fn a_folder_is_scored_without_the_files_that_cannot_be_read() {
    let dir = tempfile::tempdir().unwrap();
    tiny_run(dir.path(), "run", &[]);
    let copies = dir.path().join("copies");
    std::fs::create_dir(&copies).unwrap();
    std::fs::copy(dir.path().join("tiny.png"), copies.join("b.png")).unwrap();
    std::fs::write(copies.join("a.png"), "not a picture").unwrap();
    let args = ["evaluate", "--samples", "copies", "--real", "tiny.png", "--json"];
    let told = succeeds(dir.path(), args);
    let found = &json_lines(&told.out)[0];
    assert_eq!(
        (&found["samples"], found["left_out"].as_array().map(Vec::len)),
        (&1.into(), Some(1)),
        "{found}"
    );
    assert!(found["left_out"][0]["file"].as_str().is_some_and(|f| f.ends_with("a.png")), "{found}");
    assert!(told.err.contains("left out: ") && told.err.contains("a.png"), "{}", told.err);
    std::fs::remove_file(copies.join("b.png")).unwrap();
    assert!(refused(dir.path(), args).contains("a.png"));
}

#[test]
fn completions_know_the_flags() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let out = succeeds(Path::new("."), ["completions", shell]).out;
        assert!(out.contains("consingan") && out.contains("start-stage"), "{shell}");
        assert!(!out.contains("train_stages"), "hidden spellings are offered in {shell}");
    }
}

#[test]
fn help_names_every_range_and_hides_what_is_hidden() {
    let dir = tempfile::tempdir().unwrap();
    let help = succeeds(dir.path(), ["train", "--help"]).out;
    for part in
        ["--niter", "1 to 1000000", "--kernel", "odd, 3 to 11", "--lr-g", "above 0, to 1", "--dry-run"]
    {
        assert!(help.contains(part), "{part}");
    }
    assert!(!help.contains("train_stages") && !help.contains("input_name"), "{help}");
    assert!(!succeeds(dir.path(), ["--help"]).out.contains("golden"));
    assert!(succeeds(dir.path(), ["--version"]).out.starts_with("consingan "));
    let nothing = tell(dir.path(), [""; 0]);
    assert_eq!(nothing.status, Some(2));
    assert!(nothing.err.contains("Usage: consingan"), "{}", nothing.err);
}

#[test]
fn dashes_and_spaces_in_names() {
    let dir = tempfile::tempdir().unwrap();
    picture(48, 40).save(dir.path().join("-n.png")).unwrap();
    let flags = ["train", "--out=-run 1"].into_iter().chain(TINY).chain(["--", "-n.png"]);
    succeeds(dir.path(), flags);
    succeeds(dir.path(), ["sample", "-n1", "--", "-run 1"]);
    succeeds(dir.path(), ["inspect", "./-run 1"]);
}

/// A name of bytes that are no text is as good as any.
#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text() {
    use std::os::unix::ffi::OsStrExt;
    let dir = tempfile::tempdir().unwrap();
    let name = |bytes| std::ffi::OsStr::from_bytes(bytes);
    picture(48, 40).save(dir.path().join("a.png")).unwrap();
    std::fs::rename(dir.path().join("a.png"), dir.path().join(name(b"\xff.png"))).unwrap();
    succeeds(dir.path(), [name(b"train"), name(b"\xff.png")].into_iter().chain(TINY.map(AsRef::as_ref)));
    let named = [name(b"train"), name(b"\xff.png"), name(b"--out"), name(b"\xfe")];
    succeeds(dir.path(), named.into_iter().chain(TINY.map(AsRef::as_ref)));
    succeeds(dir.path(), [name(b"sample"), name(b"\xfe"), name(b"-n1"), name(b"--json")]);
    succeeds(dir.path(), [name(b"inspect"), name(b"\xfe"), name(b"--json")]);
    refused(dir.path(), [name(b"inspect"), name(b"\xfd")]);
}
