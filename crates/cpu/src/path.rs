//! Which instructions the kernels use: found out once, at run time, or forced with `KERNELS_CPU`.

use std::sync::OnceLock;

/// The environment variable that forces a path.
const VARIABLE: &str = "KERNELS_CPU";

/// A set of instructions that the kernels are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Whatever the compiler makes of plain Rust.
    Scalar,
    /// x86-64 with AVX2 and FMA.
    Avx2,
    /// x86-64 with AVX-512 F.
    Avx512,
    /// 64-bit ARM.
    Neon,
}

/// Why `KERNELS_CPU` cannot be followed.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PathError {
    /// The value names no path.
    #[error("KERNELS_CPU is {0:?}, which is none of scalar, avx2, avx512, neon")]
    Unknown(String),
    /// The path exists, and this processor lacks its instructions.
    #[error("KERNELS_CPU is {0:?}, but this processor offers only {offered}", offered = offered())]
    Unsupported(String),
}

impl Path {
    /// Every path, the fastest first.
    pub const ALL: [Path; 4] = [Path::Avx512, Path::Avx2, Path::Neon, Path::Scalar];

    /// The name that `KERNELS_CPU` knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Path::Scalar => "scalar",
            Path::Avx2 => "avx2",
            Path::Avx512 => "avx512",
            Path::Neon => "neon",
        }
    }

    /// Whether this processor has what the path needs.
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

/// The path that the kernels take: what `KERNELS_CPU` says, else the fastest that this processor has.
///
/// # Errors
///
/// Where `KERNELS_CPU` names no path, or one that this processor cannot take. Programs ask early, because the
/// kernels themselves can only panic about it.
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
///
/// Where that is an error.
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
