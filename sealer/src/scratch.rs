//! Scratch directories: new, removed at the end, and swept up when a process died in one.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Outcome, SealError};
use crate::files;
use crate::flock::Lock;

const PREFIX: &str = "beepro-scratch-";

/// Says that a scratch directory is in use; a sector's own lock may stand beside it.
const IN_USE: &str = ".scratch-lock";

pub struct Scratch {
    path: PathBuf,
    _lock: Lock,
}

impl Scratch {
    /// A new directory under `parent`, for `purpose`. Those of dead processes are removed first:
    /// an interrupted unsealing leaves as much as a sector behind.
    pub fn create(parent: &Path, purpose: &str) -> Outcome<Self> {
        files::require_directory(parent)?;
        // Held until the new directory has its own lock, so that nobody sweeps it up.
        let _sweeping = Lock::take(&parent.join(format!(".{PREFIX}lock")))?;
        sweep(parent)?;
        let path = files::temporary_beside(&parent.join(format!("{PREFIX}{purpose}")));
        fs::create_dir(&path).map_err(|error| SealError::io(&path, &error))?;
        let lock = Lock::take(&path.join(IN_USE))?;
        Ok(Scratch { path, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path) {
            log::warn!("{}: {error}", self.path.display());
        }
    }
}

fn sweep(parent: &Path) -> Outcome<()> {
    let entries = fs::read_dir(parent).map_err(|error| SealError::io(parent, &error))?;
    for entry in entries.flatten() {
        let is_scratch = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if !is_scratch || !entry.path().is_dir() {
            continue;
        }
        if let Ok(Some(_unused)) = Lock::try_take(&entry.path().join(IN_USE)) {
            log::info!("{}: left by a dead process", entry.path().display());
            if let Err(error) = fs::remove_dir_all(entry.path()) {
                log::warn!("{}: {error}", entry.path().display());
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_dead_left_is_swept_up_and_the_living_are_let_be() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join("beepro-scratch-unseal.tmp-1-1");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("layer"), "x").unwrap();
        let living = Scratch::create(parent.path(), "unseal").unwrap();
        let other = Scratch::create(parent.path(), "unseal").unwrap();
        assert!(!dead.exists());
        assert!(living.path().exists() && other.path().exists());
        let path = other.path().to_path_buf();
        drop(other);
        assert!(!path.exists() && living.path().exists());
    }
}
