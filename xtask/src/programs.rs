//! The programs of the workspace: built for this machine by cargo, and run.

use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::LazyLock;

/// A program of the workspace.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Program {
    /// What users get.
    Consingan,
    /// What only the developers run.
    Lab,
}

impl Program {
    /// The package that it is in, and its name.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Consingan => ("cli", "consingan"),
            Self::Lab => ("lab", "lab"),
        }
    }
}

/// Builds a program for this machine and runs a command of it in the caller's folder, so that paths mean what
/// they say.
pub(crate) fn run_program(program: Program, command: &str, args: Vec<OsString>) -> Result<ExitCode> {
    let program = built(program, &args)?;
    status(Command::new(&program).arg(command).args(args)).with_context(|| program.display().to_string())
}

/// Builds a program, with CUDA where `args` name a GPU, and says where it is.
pub(crate) fn built(program: Program, args: &[OsString]) -> Result<PathBuf> {
    let (package, name) = program.names();
    let build = ["build", "--release", "--package", package];
    let cuda = ["--features".into(), "cuda".into()];
    let wanted =
        args.iter().any(|arg| arg.to_string_lossy().trim_start_matches("--device=").starts_with("cuda"));
    if cargo(build, if wanted { &cuda } else { &[] })? != ExitCode::SUCCESS {
        bail!("the build failed");
    }
    Ok(target().join("release").join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
}

pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

pub(crate) fn cargo(args: impl IntoIterator<Item = &'static str>, rest: &[OsString]) -> Result<ExitCode> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(args).args(rest).current_dir(root()).env("RUSTDOCFLAGS", "-D warnings");
    status(&mut command).context("cargo")
}

/// Runs to the end and hands the exit status on. Ctrl-C reaches the child as well, which saves and says so.
pub(crate) fn status(command: &mut Command) -> Result<ExitCode> {
    let status = command.status()?;
    Ok(ExitCode::from(status.code().and_then(|c| u8::try_from(c).ok()).unwrap_or(1)))
}

/// The workspace, as cargo says when it runs this: checkouts may share a target folder, and so this program.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let built = || env!("CARGO_MANIFEST_DIR").into();
        let here = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(built));
        here.parent().map_or(here.clone(), Path::to_path_buf)
    });
    &ROOT
}

#[allow(clippy::print_stderr)] // the one place that tells people something
pub(crate) fn report(text: &str) {
    eprintln!("{text}");
}

/// The bundled picture that is taken where none is named.
pub(crate) fn picture() -> OsString {
    root().join("assets/images/summer-palace.jpg").into_os_string()
}
