//! The parameter cache: which files are there.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use beepro_paramgen::Origin;
use serde::Serialize;

use crate::error::{Code, Outcome, SealError};

/// The directory the library reads parameters from (its own default unless set).
pub fn directory() -> PathBuf {
    std::env::var_os("FIL_PROOFS_PARAMETER_CACHE").map_or_else(
        || PathBuf::from("/var/tmp/filecoin-proof-parameters/"),
        PathBuf::from,
    )
}

/// The directory of the graph's parents cache (the library's own default unless set).
pub fn parent_cache() -> PathBuf {
    if let Some(path) = std::env::var_os("FIL_PROOFS_PARENT_CACHE") {
        return PathBuf::from(path);
    }
    // The library concatenates, without a separator.
    let base = std::env::var("FIL_PROOFS_CACHE_DIR").unwrap_or_else(|_| "/var/tmp/".to_string());
    PathBuf::from(format!("{base}filecoin-parents"))
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ParameterFile {
    pub name: String,
    pub size: u64,
    pub kind: &'static str,
    /// As recorded when it was made or fetched; None: nothing is known of it.
    pub origin: Option<Origin>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blake2b: Option<String>,
}

/// Lists the parameter cache, sorted by name. `digests` reads every file whole.
pub fn list(digests: bool) -> Outcome<Vec<ParameterFile>> {
    let directory = directory();
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(SealError::io(&directory, &error)),
    };
    let records = beepro_paramgen::records(&directory)
        .map_err(|error| SealError::new(Code::Io, format!("{error:#}")))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| SealError::io(&directory, &error))?;
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let metadata = fs::metadata(&path).map_err(|error| SealError::io(&path, &error))?;
        if !metadata.is_file() || !name.starts_with('v') {
            continue;
        }
        files.push(ParameterFile {
            kind: kind_of(&name),
            size: metadata.len(),
            origin: records.get(&name).map(|record| record.origin),
            blake2b: digests.then(|| blake2b(&path)).transpose()?,
            name,
        });
    }
    files.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(files)
}

fn kind_of(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("params") => "params",
        Some("vk") => "vk",
        Some("meta") => "meta",
        Some("srs") => "srs",
        _ => "other",
    }
}

/// First 16 bytes of BLAKE2b-512, the form of the published manifest (parameters.json).
fn blake2b(path: &Path) -> Outcome<String> {
    let fail = |error: std::io::Error| SealError::io(path, &error);
    let mut file = File::open(path).map_err(fail)?;
    let mut state = blake2b_simd::State::new();
    let mut buffer = vec![0u8; 1 << 20];
    loop {
        let count = file.read(&mut buffer).map_err(fail)?;
        if count == 0 {
            let digest = state.finalize();
            return Ok(hex::encode(&digest.as_bytes()[..16]));
        }
        state.update(&buffer[..count]);
    }
}
