//! Runs the programs as people do, and looks at what they say.

use crate::disk::names;
use crate::pictures::picture;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// Settings of a run that takes a moment: two stages of four iterations.
pub const TINY: [&str; 8] = ["--niter", "4", "--train-stages", "2", "--max-size", "40", "--filters", "8"];

/// What a call of the program said.
#[derive(Debug)]
pub struct Told {
    /// Exit status; none if a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
    /// How long it took.
    pub took: Duration,
}

/// A program of the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// What users get.
    Consingan,
    /// What only the developers run.
    Lab,
}

impl Program {
    /// The program, to be run in `dir` without what the environment may say about logging.
    pub fn command(self, dir: &Path) -> Command {
        let mut command = Command::new(self.executable());
        command.current_dir(dir).stdin(Stdio::null());
        for name in ["RUST_LOG", "NO_COLOR"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs the program in `dir` and waits for it.
    pub fn tell<S: AsRef<OsStr>>(self, dir: &Path, args: impl IntoIterator<Item = S>) -> Told {
        // The first one builds the program, which does not count.
        let mut command = self.command(dir);
        let begun = Instant::now();
        let output = command.args(args).output().expect("the program starts");
        Told {
            status: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
            took: begun.elapsed(),
        }
    }

    /// Runs the program in `dir`; fails if it does.
    #[track_caller]
    pub fn succeeds<S: AsRef<OsStr>>(self, dir: &Path, args: impl IntoIterator<Item = S>) -> Told {
        let told = self.tell(dir, args);
        assert_eq!(told.status, Some(0), "{}", told.err);
        told
    }

    /// Runs the program in `dir` with something that it must refuse, and checks what holds for every refusal:
    /// exit status 2, one line that says what is wrong and at most one with a way out, at once, and nothing
    /// made or removed. Returns both.
    #[track_caller]
    pub fn refused<S: AsRef<OsStr>>(self, dir: &Path, args: impl IntoIterator<Item = S>) -> String {
        let before = names(dir);
        let told = self.tell(dir, args);
        let lines: Vec<&str> = told.err.lines().collect();
        assert_eq!(told.status, Some(2), "{}", told.err);
        assert!(lines.first().is_some_and(|l| l.starts_with("error: ") && l.len() > 12), "{}", told.err);
        assert!(lines.len() == 1 || lines.len() == 2 && lines[1].starts_with("hint: "), "{}", told.err);
        assert!(!told.err.contains("panicked") && !told.err.contains('\u{1b}'), "{}", told.err);
        assert_eq!(told.out, "", "{}", told.err);
        assert!(told.took < Duration::from_secs(2), "took {:?}: {}", told.took, told.err);
        assert_eq!(names(dir), before, "{}", told.err);
        told.err
    }

    fn executable(self) -> &'static Path {
        static CONSINGAN: OnceLock<PathBuf> = OnceLock::new();
        static LAB: OnceLock<PathBuf> = OnceLock::new();
        match self {
            Self::Consingan => CONSINGAN.get_or_init(|| built("cli", "consingan")),
            Self::Lab => LAB.get_or_init(|| built("lab", "lab")),
        }
    }
}

/// `consingan`, to be run in `dir` without what the environment may say about logging.
pub fn program(dir: &Path) -> Command {
    Program::Consingan.command(dir)
}

/// Runs `consingan` in `dir` and waits for it.
pub fn tell<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> Told {
    Program::Consingan.tell(dir, args)
}

/// Runs `consingan` in `dir`; fails if it does.
#[track_caller]
pub fn succeeds<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> Told {
    Program::Consingan.succeeds(dir, args)
}

/// Runs `consingan` in `dir` with something that it must refuse, as [`Program::refused`] does.
#[track_caller]
pub fn refused<S: AsRef<OsStr>>(dir: &Path, args: impl IntoIterator<Item = S>) -> String {
    Program::Consingan.refused(dir, args)
}

/// Trains in `dir` with the tiny settings and `more`, and returns the run directory `dir/name`.
#[track_caller]
pub fn tiny_run(dir: &Path, name: &str, more: &[&str]) -> PathBuf {
    let image = dir.join("tiny.png");
    if !image.exists() {
        picture(48, 40).save(&image).expect("a PNG");
    }
    // Of a setting that is given twice the program would complain: `more` goes first and hides the tiny ones.
    let hidden = |flag: &str| more.contains(&flag);
    let tiny = TINY.chunks(2).filter(|pair| !hidden(pair[0])).flatten().copied();
    let args = ["train", "tiny.png", "--quiet", "--out", name];
    succeeds(dir, args.into_iter().chain(tiny).chain(more.iter().copied()));
    dir.join(name)
}

/// The program of the profile that this test was built with; built once, which costs nothing where it is up
/// to date.
fn built(package: &str, name: &str) -> PathBuf {
    // TARGET/[TRIPLE/]PROFILE/deps/it-0123
    let test = std::env::current_exe().expect("the path of this test");
    let folder = test.ancestors().nth(2).expect("the profile's folder");
    let above = folder.parent().expect("the target folder");
    let profile = match folder.file_name().and_then(OsStr::to_str) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--package", package, "--bin", name, "--profile", profile]);
    build.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    // Only the target folder itself holds this file, a triple's does not.
    let target =
        if above.join(".rustc_info.json").exists() { above } else { above.parent().unwrap_or(above) };
    build.arg("--target-dir").arg(target);
    if target != above {
        build.arg("--target").arg(above.file_name().expect("the triple"));
    }
    assert!(build.status().expect("cargo starts").success(), "{name} does not build");
    folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}
