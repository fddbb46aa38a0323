//! Training that collapses ends with a word and a status of its own, wherever its run is looked at.

use std::path::Path;
use tests::{Told, json_lines, picture, succeeds, tell};

/// Trains with rates that are far too high, so that the samples are one colour.
fn collapsed(dir: &Path, name: &str, more: &[&str]) -> Told {
    picture(40, 34).save(dir.join("p.png")).unwrap();
    let train = ["train", "p.png", "--out", name, "--niter", "60", "--filters", "4", "--train-stages", "2"];
    let rates = ["--max-size", "40", "--lr-scale", "1", "--lr-g", "0.5", "--lr-d", "0.0001"];
    tell(dir, [&train[..], &rates, more].concat())
}

#[test]
fn a_collapsed_run_ends_with_status_3_and_says_so_everywhere() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for preset in ["paper", "quick"] {
        let Told { status, out, err, .. } = collapsed(dir, preset, &["--preset", preset, "--json"]);
        assert_eq!(status, Some(3), "{err}");
        let last = err.lines().last().unwrap();
        assert!(last.contains("samples are blank") && last.contains("--batch-norm=true"), "{err}");
        let events = json_lines(&out);
        let last = &events[events.len() - 1];
        assert!(last["event"] == "done" && last["blank"] == true, "{last}");
        assert!(events.iter().any(|event| event["event"] == "collapsed"), "{out}");
        // The run is complete, and everything that looks at it tells what it is.
        assert!(succeeds(dir, ["inspect", preset]).out.contains("samples are blank"));
        assert_eq!(json_lines(&succeeds(dir, ["inspect", preset, "--json"]).out)[0]["blank"], true);
        assert!(succeeds(dir, ["evaluate", preset, "-n", "2"]).out.contains("samples are blank"));
        let scored = json_lines(&succeeds(dir, ["evaluate", preset, "-n", "2", "--json"]).out);
        assert_eq!(scored[0]["blank"], true);
        let html = std::fs::read_to_string(dir.join(preset).join("report.html")).unwrap();
        assert!(html.contains("Samples are blank"));
        assert_eq!(tell(dir, ["train", "--resume", preset]).status, Some(3));
    }
}
