//! Disk space: allocated, free, needed.

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use serde_json::json;

use crate::error::{Code, Outcome, SealError};

/// Creates (or truncates) a sparse file of zeros.
pub fn create_sparse(path: &Path, size: u64) -> Outcome<File> {
    OpenOptions::new()
        .create(true)
        .read(true)
        .write(true)
        .truncate(true)
        .open(path)
        .and_then(|file| file.set_len(size).map(|()| file))
        .map_err(|error| SealError::io(path, &error))
}

/// Gives every hole of a file its disk blocks. The library writes through memory maps, where a
/// full disk kills the process (SIGBUS) instead of returning an error.
pub fn allocate(path: &Path, size: u64) -> Outcome<()> {
    let file = OpenOptions::new()
        .write(true)
        .open(path)
        .map_err(|error| SealError::io(path, &error))?;
    let length = libc::off_t::try_from(size)
        .map_err(|_| SealError::bad_request(format!("size {size} is out of range")))?;
    // SAFETY: the descriptor is open for the duration of the call.
    if unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length) } == 0 {
        return Ok(());
    }
    let error = io::Error::last_os_error();
    match error.raw_os_error() {
        // File systems without preallocation (NFS before 4.2, some FUSE ones).
        Some(libc::EOPNOTSUPP | libc::ENOSYS) => Ok(()),
        _ => Err(SealError::io(path, &error)),
    }
}

/// Bytes an unprivileged user can still write below `directory`.
pub fn free_space(directory: &Path) -> Outcome<u64> {
    let path = CString::new(directory.as_os_str().as_bytes())
        .map_err(|_| SealError::bad_request("a path holds a zero byte"))?;
    // SAFETY: statvfs fills the zeroed structure; the path is a valid C string.
    let (code, stats) = unsafe {
        let mut stats: libc::statvfs = std::mem::zeroed();
        (libc::statvfs(path.as_ptr(), &mut stats), stats)
    };
    if code != 0 {
        return Err(SealError::io(directory, &io::Error::last_os_error()));
    }
    Ok(stats.f_bavail * stats.f_frsize)
}

/// Fails with `no_space` before anything is touched when `needed` bytes do not fit.
pub fn require_space(directory: &Path, needed: u64) -> Outcome<()> {
    let available = free_space(directory)?;
    if available < needed {
        return Err(SealError::new(
            Code::NoSpace,
            format!(
                "{} has {available} bytes free, {needed} needed",
                directory.display()
            ),
        )
        .with(json!({ "path": directory, "needed": needed, "available": available })));
    }
    Ok(())
}

/// Sum of the disk blocks of a directory's files, in bytes (not recursive).
pub fn disk_usage(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.blocks() * 512)
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allocation_keeps_the_content() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a");
        create_sparse(&path, 1 << 20).unwrap();
        allocate(&path, 1 << 20).unwrap();
        assert_eq!(fs::read(&path).unwrap(), vec![0u8; 1 << 20]);
    }

    #[test]
    fn space_is_checked_before_it_is_needed() {
        let directory = tempfile::tempdir().unwrap();
        assert!(require_space(directory.path(), 1).is_ok());
        let error = require_space(directory.path(), u64::MAX).unwrap_err();
        assert_eq!(error.code, Code::NoSpace);
    }
}
