//! Failures that a caller tells apart.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A failure with a code; found in an [`anyhow::Error`] by [`code_of`].
#[derive(Debug)]
pub enum Failure {
    /// The command line is not understood.
    Usage(String),
    /// Parameters of this sector size (bytes) are not generated.
    UnsupportedSize(u64),
    /// A file of the set is there that was not generated here.
    ForeignFile(PathBuf),
    /// No parameter file has this name.
    UnknownFile(String),
    /// The file needs more bytes than the file system has.
    NoSpace {
        dir: PathBuf,
        needed: u64,
        available: u64,
    },
}

impl Failure {
    fn code(&self) -> &'static str {
        match self {
            Failure::Usage(_) => "usage",
            Failure::UnsupportedSize(_) => "unsupported_size",
            Failure::ForeignFile(_) => "foreign_file",
            Failure::UnknownFile(_) => "unknown_file",
            Failure::NoSpace { .. } => "no_space",
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(text) => f.write_str(text),
            Failure::UnsupportedSize(size) => write!(
                f,
                "parameters for sectors of {size} bytes are not generated, only fetched"
            ),
            Failure::ForeignFile(path) => write!(
                f,
                "{} was not generated here and would no longer match; remove it first",
                path.display()
            ),
            Failure::UnknownFile(name) => write!(f, "no parameter file is called {name:?}"),
            Failure::NoSpace {
                dir,
                needed,
                available,
            } => write!(
                f,
                "{needed} bytes are needed in {}, {available} are free",
                dir.display()
            ),
        }
    }
}

impl std::error::Error for Failure {}

/// The code of an error: that of the [`Failure`] it holds, `no_space` or `io` for one of the
/// system, `internal` for any other.
pub fn code_of(error: &anyhow::Error) -> &'static str {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.code();
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            return match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "no_space",
                _ => "io",
            };
        }
    }
    "internal"
}
