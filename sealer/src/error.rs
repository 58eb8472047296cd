//! Errors as the protocol names them (docs/sealer-protocol.md, *Errors*).

use std::fmt;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

/// Every error code of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Code {
    BadRequest,
    UnknownId,
    IdConflict,
    StillRunning,
    Interrupted,
    StaleEpoch,
    SectorBusy,
    ShuttingDown,
    InUse,
    StaleKey,
    ReplicaNotFresh,
    ReplicaInvalid,
    NotSealed,
    DataMismatch,
    ProofInvalid,
    SectorsFaulty,
    FileMissing,
    WrongSize,
    DigestMismatch,
    CacheCorrupt,
    ParamsMissing,
    ParamsCorrupt,
    NoSpace,
    OutOfMemory,
    GpuLost,
    Io,
    Panic,
    Library,
}

impl Code {
    pub const ALL: [Code; 28] = {
        use Code::*;
        [
            BadRequest,
            UnknownId,
            IdConflict,
            StillRunning,
            Interrupted,
            StaleEpoch,
            SectorBusy,
            ShuttingDown,
            InUse,
            StaleKey,
            ReplicaNotFresh,
            ReplicaInvalid,
            NotSealed,
            DataMismatch,
            ProofInvalid,
            SectorsFaulty,
            FileMissing,
            WrongSize,
            DigestMismatch,
            CacheCorrupt,
            ParamsMissing,
            ParamsCorrupt,
            NoSpace,
            OutOfMemory,
            GpuLost,
            Io,
            Panic,
            Library,
        ]
    };
}

/// An error answer: a code to switch on, a message for people, and data for programs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SealError {
    pub code: Code,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

pub type Outcome<T> = Result<T, SealError>;

impl SealError {
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        SealError {
            code,
            message: message.into(),
            data: None,
        }
    }

    pub fn with(mut self, data: Value) -> Self {
        self.data = Some(data);
        self
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Code::BadRequest, message)
    }

    pub fn stale_key(field: &str, message: impl Into<String>) -> Self {
        Self::new(Code::StaleKey, message).with(json!({ "field": field }))
    }

    pub fn file_missing(path: &Path) -> Self {
        Self::new(
            Code::FileMissing,
            format!("{} does not exist", path.display()),
        )
        .with(json!({ "path": path }))
    }

    pub fn wrong_size(path: &Path, expected: u64, actual: u64) -> Self {
        Self::new(
            Code::WrongSize,
            format!("{} has {actual} bytes, {expected} expected", path.display()),
        )
        .with(json!({ "path": path, "expected": expected, "actual": actual }))
    }

    /// An input/output error at `path`.
    pub fn io(path: &Path, error: &io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound {
            return Self::file_missing(path);
        }
        Self::new(io_code(error), format!("{}: {error}", path.display()))
            .with(json!({ "path": path }))
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.code, self.message)
    }
}

impl std::error::Error for SealError {}

fn io_code(error: &io::Error) -> Code {
    match error.raw_os_error() {
        Some(libc::ENOSPC | libc::EDQUOT) => Code::NoSpace,
        Some(libc::ENOMEM) => Code::OutOfMemory,
        _ => Code::Io,
    }
}

/// What the failing call was about: the library's messages alone do not tell a truncated
/// parameter file from a truncated cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Files of a sector.
    Sector,
    /// A proof that needs Groth16 parameters or a verifying key.
    Parameters,
}

/// Gives an error of the proofs library its code. The message stays the library's own.
pub fn from_library(about: About, error: &anyhow::Error) -> SealError {
    let message = format!("{error:#}");
    let code = classify(about, &message, find_io(error));
    let mut answer = SealError::new(code, message);
    if matches!(code, Code::ParamsMissing | Code::ParamsCorrupt) {
        answer.data = Some(json!({ "directory": crate::params::directory() }));
    }
    answer
}

fn find_io(error: &anyhow::Error) -> Option<&io::Error> {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<io::Error>())
}

fn classify(about: About, message: &str, io_error: Option<&io::Error>) -> Code {
    const MISSING_PARAMETERS: &[&str] = &["No cached parameters found", "No cached verifying key"];
    const CORRUPT_CACHE: &[&str] = &[
        "Missing store file",
        "Store is inconsistent",
        "could not read file p_aux",
        "could not read file t_aux",
        "failed to restore contents of t_aux",
        "merkle_tree failed",
    ];
    const BAD_REPLICA: &[&str] = &[
        "Invalid vanilla proof generated",
        "Invalid encoding proof generated",
        "Invalid comm_r detected",
        "Invalid synth_porep proof",
        "Generated vanilla proof",
        "faulty sector",
    ];
    let has = |needles: &[&str]| needles.iter().any(|needle| message.contains(needle));

    if has(MISSING_PARAMETERS) {
        return Code::ParamsMissing;
    }
    if let Some(error) = io_error {
        let code = io_code(error);
        if code != Code::Io {
            return code;
        }
    }
    if about == About::Parameters {
        let unreadable = io_error.is_some()
            || has(&[
                "invalid point",
                "not on curve",
                "point at infinity",
                "fill whole buffer",
                "encoding has",
                "parameters",
                "range end index",
            ]);
        if unreadable {
            return Code::ParamsCorrupt;
        }
    }
    if has(CORRUPT_CACHE) {
        return Code::CacheCorrupt;
    }
    if has(BAD_REPLICA) {
        return Code::ReplicaInvalid;
    }
    if about == About::Sector && has(&["fill whole buffer", "Invalid size", "io error: unexpected"])
    {
        return Code::CacheCorrupt;
    }
    if io_error.is_some() {
        return Code::Io;
    }
    Code::Library
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn library_messages_get_their_codes() {
        let table: &[(About, &str, Code)] = &[
            (
                About::Parameters,
                "No cached parameters found for stacked-proof [failure finding /x/v28-stacked.params]",
                Code::ParamsMissing,
            ),
            (About::Parameters, "failed to fill whole buffer", Code::ParamsCorrupt),
            (
                About::Sector,
                "Missing store file (or associated split paths): /c/sc-02-data-layer-1.dat",
                Code::CacheCorrupt,
            ),
            (About::Sector, "Invalid vanilla proof generated", Code::ReplicaInvalid),
            (About::Sector, "pieces and comm_d do not match", Code::Library),
        ];
        for (about, message, code) in table {
            let error = from_library(*about, &anyhow::anyhow!(message.to_string()));
            assert_eq!(error.code, *code, "{message}");
            assert_eq!(error.message, *message);
        }
    }

    #[test]
    fn a_full_disk_is_no_space_whatever_it_was_about() {
        for about in [About::Sector, About::Parameters] {
            let error = anyhow::Error::new(io::Error::from_raw_os_error(libc::ENOSPC))
                .context("could not write");
            assert_eq!(from_library(about, &error).code, Code::NoSpace);
        }
    }

    #[test]
    fn codes_are_snake_case_on_the_wire() {
        let text = serde_json::to_string(&SealError::new(Code::ReplicaNotFresh, "m")).unwrap();
        assert_eq!(text, r#"{"code":"replica_not_fresh","message":"m"}"#);
    }
}
