//! The instruction set that the kernels use, detected once at run time or selected with `KERNELS_CPU`.

use std::sync::OnceLock;

/// The environment variable that selects a path.
const VARIABLE: &str = "KERNELS_CPU";

/// An instruction set for which the kernels are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Plain Rust, compiled for the instructions of the target.
    Scalar,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512 F.
    Avx512,
    /// 64-bit ARM.
    Neon,
}

/// The reasons why the value of `KERNELS_CPU` is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PathError {
    /// The value is not the name of a path.
    #[error("KERNELS_CPU is {0:?}, which is none of scalar, avx2, avx512, neon")]
    Unknown(String),
    /// The path exists, but this CPU does not have its instructions.
    #[error("KERNELS_CPU is {0:?}, but this processor offers only {offered}", offered = offered())]
    Unsupported(String),
}

impl Path {
    /// Every path, the fastest first.
    pub const ALL: [Path; 4] = [Path::Avx512, Path::Avx2, Path::Neon, Path::Scalar];

    /// The name of the path as a value of `KERNELS_CPU`.
    pub fn name(self) -> &'static str {
        match self {
            Path::Scalar => "scalar",
            Path::Avx2 => "avx2",
            Path::Avx512 => "avx512",
            Path::Neon => "neon",
        }
    }

    /// Whether this CPU has the instructions of the path.
    pub fn is_supported(self) -> bool {
        match self {
            Path::Scalar => true,
            #[cfg(target_arch = "x86_64")]
            Path::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Path::Avx512 => is_x86_feature_detected!("avx512f") && Path::Avx2.is_supported(),
            #[cfg(target_arch = "aarch64")]
            Path::Neon => std::arch::is_aarch64_feature_detected!("neon"),
            #[allow(unreachable_patterns, reason = "which patterns are left depends on the architecture")]
            _ => false,
        }
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The path that the kernels use: the one that `KERNELS_CPU` names, otherwise the fastest that this CPU
/// supports.
///
/// # Errors
/// If `KERNELS_CPU` does not name a path, or names one that this CPU does not support. Programs should call
/// this early, because the kernels panic in that case.
pub fn cpu_path() -> Result<Path, PathError> {
    static PATH: OnceLock<Result<Path, PathError>> = OnceLock::new();
    PATH.get_or_init(|| match std::env::var_os(VARIABLE) {
        Some(value) if !value.is_empty() => forced(&value.to_string_lossy()),
        _ => Ok(Path::ALL.into_iter().find(|path| path.is_supported()).unwrap_or(Path::Scalar)),
    })
    .clone()
}

/// The path of [`cpu_path`].
///
/// # Panics
/// If [`cpu_path`] returns an error.
pub fn active() -> Path {
    match cpu_path() {
        Ok(path) => path,
        Err(error) => panic!("{error}"),
    }
}

fn forced(value: &str) -> Result<Path, PathError> {
    let path = Path::ALL.into_iter().find(|path| path.name() == value);
    let path = path.ok_or_else(|| PathError::Unknown(value.to_owned()))?;
    if path.is_supported() { Ok(path) } else { Err(PathError::Unsupported(value.to_owned())) }
}

fn offered() -> String {
    let names: Vec<_> = Path::ALL.into_iter().filter(|path| path.is_supported()).map(Path::name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forced_path_is_followed_or_refused() {
        assert_eq!(forced("scalar"), Ok(Path::Scalar));
        assert_eq!(forced("sse9"), Err(PathError::Unknown("sse9".into())));
        let foreign = if cfg!(target_arch = "aarch64") { "avx2" } else { "neon" };
        let message = forced(foreign).unwrap_err().to_string();
        assert!(message.contains(foreign) && message.contains("scalar"), "{message}");
    }
}
