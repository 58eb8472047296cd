//! Advisory locks on files. They end with the process that holds them, however it ends.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;

use crate::error::{Outcome, SealError};

/// A held flock. It belongs to the open file: two holders of one process exclude each other too.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// None when another holds it.
    pub fn try_take(path: &Path) -> Outcome<Option<Self>> {
        let file = open(path)?;
        match flock(&file, libc::LOCK_EX | libc::LOCK_NB) {
            Ok(()) => Ok(Some(Lock(file))),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(SealError::io(path, &error)),
        }
    }

    /// Waits for it.
    pub fn take(path: &Path) -> Outcome<Self> {
        let file = open(path)?;
        flock(&file, libc::LOCK_EX).map_err(|error| SealError::io(path, &error))?;
        Ok(Lock(file))
    }
}

impl Drop for Lock {
    /// Let go by name: closing alone would leave it to a process that was forked meanwhile and
    /// has not come to its exec yet.
    fn drop(&mut self) {
        if let Err(error) = flock(&self.0, libc::LOCK_UN) {
            log::warn!("unlock: {error}");
        }
    }
}

fn open(path: &Path) -> Outcome<File> {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(|error| SealError::io(path, &error))
}

fn flock(file: &File, operation: libc::c_int) -> io::Result<()> {
    // SAFETY: the descriptor is open.
    match unsafe { libc::flock(file.as_raw_fd(), operation) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}
