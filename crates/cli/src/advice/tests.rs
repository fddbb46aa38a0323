//! What the program prints about errors of each library, for commands with other flags.

use super::Flags;
use crate::errors::{Told, told};
use crate::refusal::refusal;
use anyhow::Context;
use clap::{Arg, Command};

/// The flags of a command that has these.
fn flags(names: &[&'static str]) -> Flags {
    Flags::of(&Command::new("test").args(names.iter().map(|name| Arg::new(*name).long(*name))))
}

/// What the program prints about `error`, as its two lines and its exit status.
#[track_caller]
fn check(error: impl Into<anyhow::Error>, names: &[&'static str], what: &str, hint: Option<&str>) {
    let expected = Told { what: what.into(), hint: hint.map(String::from), internal: false };
    assert_eq!(told(&error.into(), &flags(names)), expected);
}

#[test]
fn refusals_of_the_program_have_their_hint() {
    check(refusal("a; b: is taken", "choose another"), &[], "a; b: is taken", Some("choose another"));
    let below = refusal("x is 0", "give 1").context("while reading");
    check(below, &[], "while reading: x is 0", Some("give 1"));
}

#[test]
fn a_picture_error_has_the_same_hint_wherever_it_comes_from() {
    let missing = || pyramid::Error::NotFound { name: "a; b.png".into() };
    let (what, hint) = ("a; b.png: no such file", Some("check the path"));
    check(missing(), &[], what, hint);
    check(train::Error::from(missing()), &[], what, hint);
    check(tasks::Error::from(missing()), &[], what, hint);
    check(tasks::Error::from(train::Error::from(missing())), &[], what, hint);
}

#[test]
fn hints_name_only_flags_that_the_command_has() {
    let shrinking = |min_size, enough| pyramid::Error::Shrinking {
        min_size,
        max_size: 250,
        short: 20,
        picture: (200, 2500),
        enough,
    };
    let hint = |error, names: &[&'static str]| told(&anyhow::Error::from(error), &flags(names)).hint;
    let both = ["min-size", "max-size"];
    assert_eq!(
        hint(shrinking(25, Some(301)), &both).as_deref(),
        Some("give --min-size 20 or less, or give --max-size 301 or more")
    );
    assert_eq!(hint(shrinking(25, Some(301)), &both[1..]).as_deref(), Some("give --max-size 301 or more"));
    assert_eq!(hint(shrinking(25, Some(301)), &[]), None);
    // No flag takes as much as would be enough.
    assert_eq!(hint(shrinking(25, Some(9000)), &[]).as_deref(), Some("crop the picture's longer side"));
    assert_eq!(hint(shrinking(201, None), &[]).as_deref(), Some("use a larger picture"));
    let memory = train::Error::OutOfMemory { stage: 5, size: (900, 1000), fits: 640 };
    let told = told(&memory.into(), &flags(&["device"]));
    assert_eq!(told.hint.as_deref(), Some("compute with --device cpu"));
    assert!(!told.what.contains("--"), "{}", told.what);
}

#[test]
fn faults_of_the_program_are_told_whole() {
    let broken = || candle_core::Error::Msg("shape; mismatch".into());
    let model = || model::Error::from(broken());
    let train = || train::Error::from(model());
    for error in [
        anyhow::Error::from(broken()),
        model().into(),
        train().into(),
        train::Error::from(broken()).into(),
        tasks::Error::from(broken()).into(),
        tasks::Error::from(model()).into(),
        tasks::Error::from(train()).into(),
    ] {
        let expected = Told { what: "shape; mismatch".into(), hint: None, internal: true };
        assert_eq!(told(&error, &flags(&["lr-g"])), expected);
    }
    let deeper = Err::<(), _>(broken()).context("a case").unwrap_err();
    assert!(told(&deeper, &flags(&[])).internal);
}

#[test]
fn causes_are_told_once() {
    let error = anyhow::Error::new(std::io::Error::other("disk full")).context("a.png: disk full");
    check(error.context("writing"), &[], "writing: a.png: disk full", None);
}

#[test]
fn runs_have_the_hint_that_goes_with_what_is_wrong() {
    let path = || "runs/a".into();
    let hint = |error, names: &[&'static str]| told(&anyhow::Error::from(error), &flags(names)).hint;
    let go_on = "go on with it first: consingan train --resume runs/a";
    assert_eq!(hint(train::Error::Unfinished { path: path() }, &[]).as_deref(), Some(go_on));
    let checkpoint = train::Error::DamagedCheckpoint { path: path(), reason: "cut off".into() };
    assert_eq!(hint(checkpoint, &[]).as_deref(), Some("remove it to begin the stage anew"));
    let exists = || train::Error::from(files::Error::Exists { path: path() });
    let told_of_it = ("runs/a: exists already", Some("choose another name or remove it"));
    check(exists(), &[], told_of_it.0, told_of_it.1);
    check(tasks::Error::from(exists()), &[], told_of_it.0, told_of_it.1);
    let diverged = || train::Error::Diverged { stage: 1, iteration: 7 };
    assert_eq!(hint(diverged(), &["lr-g", "lr-d"]).as_deref(), Some("lower --lr-g and --lr-d"));
    assert_eq!(hint(diverged(), &[]), None);
    // Weights that do not fit are not a fault of the program.
    let missing = model::Error::Missing { name: "head.conv.bias".into() };
    assert!(!told(&missing.into(), &flags(&[])).internal);
}
