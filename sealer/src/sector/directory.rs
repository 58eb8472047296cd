//! A sector's directory, held under its lock.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;

use crate::error::{Code, Outcome, SealError};
use crate::files;
use crate::flock::Lock;
use crate::run::RunContext;
use crate::values::{Miner, SealProof, SectorPath};

/// `sector` of a request.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectorRef {
    pub miner: Miner,
    pub number: u64,
    pub proof: SealProof,
    pub dir: SectorPath,
}

/// A sector's directory. While this lives no other run, in this process or another, works in it.
#[derive(Debug)]
pub struct SectorDirectory {
    path: PathBuf,
    _lock: Lock,
}

impl SectorDirectory {
    /// Locks the directory and checks the host epoch. Fails with `file_missing`,
    /// `sector_busy` or `stale_epoch`.
    pub fn open(sector: &SectorRef, context: &RunContext) -> Outcome<Self> {
        Self::open_path(sector.dir.as_path(), context.epoch)
    }

    pub fn open_path(path: &Path, epoch: u64) -> Outcome<Self> {
        files::require_directory(path)?;
        let lock = lock(&path.join(".lock"))?;
        raise_epoch(&path.join(".epoch"), epoch)?;
        remove_leftovers(path)?;
        Ok(SectorDirectory {
            path: path.to_path_buf(),
            _lock: lock,
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn unsealed(&self) -> PathBuf {
        self.path.join("unsealed")
    }

    pub fn sealed(&self) -> PathBuf {
        self.path.join("sealed")
    }

    pub fn cache(&self) -> PathBuf {
        self.path.join("cache")
    }

    pub fn c1(&self) -> PathBuf {
        self.path.join("c1.json")
    }

    pub fn update(&self) -> PathBuf {
        self.path.join("update")
    }

    pub fn update_cache(&self) -> PathBuf {
        self.path.join("update-cache")
    }
}

fn lock(path: &Path) -> Outcome<Lock> {
    Lock::try_take(path)?.ok_or_else(|| {
        SealError::new(
            Code::SectorBusy,
            format!("another run holds {}", path.display()),
        )
        .with(json!({ "path": path }))
    })
}

/// What a dead process left of its atomic writes. Under the lock nobody else writes here.
fn remove_leftovers(directory: &Path) -> Outcome<()> {
    const OURS: [&str; 4] = ["unsealed", "c1.json", ".epoch", "beepro-"];
    for folder in [
        directory,
        &directory.join("cache"),
        &directory.join("update-cache"),
    ] {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let ours = OURS.iter().any(|prefix| name.starts_with(prefix));
            if ours && name.contains(files::TEMPORARY) {
                files::remove_durably(&entry.path())?;
            }
        }
    }
    Ok(())
}

/// Remembers the highest host epoch in `path`; a lower one is `stale_epoch`.
pub fn raise_epoch(path: &Path, epoch: u64) -> Outcome<()> {
    let highest = match fs::read_to_string(path) {
        Ok(text) => text.trim().parse::<u64>().map_err(|_| {
            SealError::new(
                Code::Io,
                format!("{} does not hold a host epoch", path.display()),
            )
        })?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
        Err(error) => return Err(SealError::io(path, &error)),
    };
    if epoch < highest {
        return Err(stale_epoch(epoch, highest));
    }
    if epoch > highest {
        files::write_atomically(path, epoch.to_string().as_bytes())?;
    }
    Ok(())
}

pub fn stale_epoch(epoch: u64, highest: u64) -> SealError {
    SealError::new(
        Code::StaleEpoch,
        format!("host epoch {epoch} is over: {highest} has been seen"),
    )
    .with(json!({ "highest": highest }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_run_holds_a_directory() {
        let directory = tempfile::tempdir().unwrap();
        let held = SectorDirectory::open_path(directory.path(), 0).unwrap();
        let error = SectorDirectory::open_path(directory.path(), 0).unwrap_err();
        assert_eq!(error.code, Code::SectorBusy);
        drop(held);
        assert!(SectorDirectory::open_path(directory.path(), 0).is_ok());
    }

    #[test]
    fn an_older_host_epoch_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        drop(SectorDirectory::open_path(directory.path(), 5).unwrap());
        let error = SectorDirectory::open_path(directory.path(), 4).unwrap_err();
        assert_eq!(error.code, Code::StaleEpoch);
        assert_eq!(error.data, Some(json!({ "highest": 5 })));
        assert!(SectorDirectory::open_path(directory.path(), 5).is_ok());
    }
}
