//! The highest host epoch: who lost the host's lease is no longer obeyed.

use std::path::PathBuf;
use std::sync::Mutex;

use crate::error::Outcome;
use crate::lock::guard;
use crate::sector::directory::{raise_epoch, stale_epoch};

pub struct Fence {
    highest: Mutex<u64>,
    /// None: kept in memory only.
    path: Option<PathBuf>,
}

impl Fence {
    pub fn open(path: Option<PathBuf>) -> Self {
        let stored = path
            .as_ref()
            .and_then(|path| std::fs::read_to_string(path).ok())
            .and_then(|text| text.trim().parse().ok());
        Fence {
            highest: Mutex::new(stored.unwrap_or(0)),
            path,
        }
    }

    pub fn highest(&self) -> u64 {
        *guard(&self.highest)
    }

    /// Accepts the epoch and remembers it, or fails with `stale_epoch`.
    pub fn check(&self, epoch: u64) -> Outcome<()> {
        let mut highest = guard(&self.highest);
        if epoch < *highest {
            return Err(stale_epoch(epoch, *highest));
        }
        if epoch > *highest {
            if let Some(path) = &self.path {
                raise_epoch(path, epoch)?;
            }
            *highest = epoch;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    #[test]
    fn the_highest_epoch_survives_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("epoch");
        let fence = Fence::open(Some(path.clone()));
        assert!(fence.check(3).is_ok());
        assert_eq!(fence.check(2).unwrap_err().code, Code::StaleEpoch);
        let reopened = Fence::open(Some(path));
        assert_eq!(reopened.check(2).unwrap_err().code, Code::StaleEpoch);
        assert!(reopened.check(3).is_ok());
    }
}
