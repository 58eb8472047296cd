//! Files: atomic writes, digests, sizes.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::{Code, Outcome, SealError};
use crate::values::{AbsPath, Bytes32};

/// A file handed over by name, with its digest.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WrittenFile {
    pub path: PathBuf,
    pub size: u64,
    pub sha256: Bytes32,
}

/// A file named in a request, with the digest it must have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedFile {
    pub path: AbsPath,
    pub sha256: Bytes32,
    /// Answers carry it, so it may come back; the digest decides.
    #[serde(default)]
    #[allow(dead_code)]
    size: Option<u64>,
}

impl NamedFile {
    /// Reads the whole file; another digest than the named one is `digest_mismatch`.
    pub fn read(&self) -> Outcome<Vec<u8>> {
        let path = self.path.as_path();
        let bytes = fs::read(path).map_err(|error| SealError::io(path, &error))?;
        let actual = Bytes32(Sha256::digest(&bytes).into());
        if actual != self.sha256 {
            return Err(SealError::new(
                Code::DigestMismatch,
                format!(
                    "{} has sha256 {actual:?}, {:?} expected",
                    path.display(),
                    self.sha256
                ),
            )
            .with(json!({ "path": path, "expected": self.sha256, "actual": actual })));
        }
        Ok(bytes)
    }
}

/// Part of the name of every file that is not finished.
pub const TEMPORARY: &str = ".tmp-";

/// A name beside `path` that no other run uses.
pub fn temporary_beside(path: &Path) -> PathBuf {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(
        "{TEMPORARY}{}-{}",
        std::process::id(),
        NEXT.fetch_add(1, Ordering::Relaxed)
    ));
    path.with_file_name(name)
}

/// Writes `bytes` so that `path` is either as it was or complete, even after a power loss.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Outcome<()> {
    let temporary = temporary_beside(path);
    let written = (|| {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        sync_directory_of(path)
    })();
    written.map_err(|error| {
        let _ = fs::remove_file(&temporary);
        SealError::io(path, &error)
    })
}

/// As [`write_atomically`], and names the file with its digest.
pub fn write_named(path: &Path, bytes: &[u8]) -> Outcome<WrittenFile> {
    write_atomically(path, bytes)?;
    Ok(WrittenFile {
        path: path.to_path_buf(),
        size: bytes.len() as u64,
        sha256: Bytes32(Sha256::digest(bytes).into()),
    })
}

/// Makes a finished temporary file durable under its final name.
pub fn publish(temporary: &Path, path: &Path) -> Outcome<()> {
    sync_file(temporary)?;
    fs::rename(temporary, path)
        .and_then(|()| sync_directory_of(path))
        .map_err(|error| SealError::io(path, &error))
}

pub fn sync_file(path: &Path) -> Outcome<()> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|error| SealError::io(path, &error))
}

pub fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

fn sync_directory_of(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), sync_directory)
}

/// Removes a file if it is there; the removal is durable when this returns.
pub fn remove_durably(path: &Path) -> Outcome<bool> {
    match fs::remove_file(path) {
        Ok(()) => sync_directory_of(path)
            .map(|()| true)
            .map_err(|error| SealError::io(path, &error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(SealError::io(path, &error)),
    }
}

/// Removes a directory with all it holds, and makes it anew, empty.
pub fn empty_directory(path: &Path) -> Outcome<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(SealError::io(path, &error))
        }
        _ => {}
    }
    fs::create_dir_all(path).map_err(|error| SealError::io(path, &error))
}

pub fn sha256_of(path: &Path) -> Outcome<(u64, Bytes32)> {
    let fail = |error: io::Error| SealError::io(path, &error);
    let mut reader = BufReader::with_capacity(1 << 20, File::open(path).map_err(fail)?);
    let mut hasher = Sha256::new();
    let mut buffer = vec![0u8; 1 << 20];
    let mut size = 0;
    loop {
        let count = reader.read(&mut buffer).map_err(fail)?;
        if count == 0 {
            return Ok((size, Bytes32(hasher.finalize().into())));
        }
        hasher.update(&buffer[..count]);
        size += count as u64;
    }
}

pub fn size_of(path: &Path) -> Outcome<u64> {
    fs::metadata(path)
        .map(|metadata| metadata.len())
        .map_err(|error| SealError::io(path, &error))
}

/// `path` must be a regular file of `expected` bytes.
pub fn require_size(path: &Path, expected: u64) -> Outcome<()> {
    let metadata = fs::metadata(path).map_err(|error| SealError::io(path, &error))?;
    if !metadata.is_file() {
        return Err(SealError::bad_request(format!(
            "{} is not a file",
            path.display()
        )));
    }
    if metadata.len() != expected {
        return Err(SealError::wrong_size(path, expected, metadata.len()));
    }
    Ok(())
}

pub fn require_directory(path: &Path) -> Outcome<()> {
    let metadata = fs::metadata(path).map_err(|error| SealError::io(path, &error))?;
    if !metadata.is_dir() {
        return Err(SealError::bad_request(format!(
            "{} is not a directory",
            path.display()
        )));
    }
    Ok(())
}

pub fn random_bytes() -> Outcome<[u8; 32]> {
    let path = Path::new("/dev/urandom");
    let mut bytes = [0u8; 32];
    File::open(path)
        .and_then(|mut file| file.read_exact(&mut bytes))
        .map_err(|error| SealError::io(path, &error))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_atomic_write_leaves_no_temporary_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_failed_write_keeps_the_old_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("missing").join("a");
        assert_eq!(
            write_atomically(&path, b"one").unwrap_err().code,
            Code::FileMissing
        );
    }
}
