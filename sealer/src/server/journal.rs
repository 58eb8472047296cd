//! The journal: what was asked and how it ended, on disk before anyone is told.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Code, Outcome, SealError};
use crate::files;
use crate::flock::Lock;
use crate::lock::guard;
use crate::server::protocol::{End, Request};
use crate::values::Bytes32;

/// A request as journalled.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    pub id: String,
    pub op: String,
    pub digest: Bytes32,
    pub params: Value,
    pub epoch: u64,
    /// Milliseconds since 1970.
    pub started_at: u64,
}

impl Entry {
    pub fn of(request: &Request, started_at: u64) -> Self {
        Entry {
            id: request.id.clone(),
            op: request.op.clone(),
            digest: request.digest(),
            params: request.params.clone(),
            epoch: request.epoch,
            started_at,
        }
    }
}

pub type Recorded = (Entry, Option<End>);

pub enum Journal {
    Disk { directory: PathBuf, _lock: Lock },
    Memory(Mutex<BTreeMap<String, Recorded>>),
}

impl Journal {
    pub fn in_memory() -> Self {
        Journal::Memory(Mutex::default())
    }

    /// Opens a state directory; `in_use` when a live server holds it.
    pub fn open(directory: &Path) -> Outcome<Self> {
        fs::create_dir_all(directory).map_err(|error| SealError::io(directory, &error))?;
        let lock = Lock::try_take(&directory.join("lock"))?.ok_or_else(|| {
            SealError::new(
                Code::InUse,
                format!("a live server uses {}", directory.display()),
            )
        })?;
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            if entry
                .file_name()
                .to_string_lossy()
                .contains(files::TEMPORARY)
            {
                files::remove_durably(&entry.path())?;
            }
        }
        Ok(Journal::Disk {
            directory: directory.to_path_buf(),
            _lock: lock,
        })
    }

    /// The run of this id, if it was ever begun and not forgotten.
    pub fn find(&self, id: &str) -> Option<Recorded> {
        match self {
            Journal::Memory(runs) => guard(runs).get(id).cloned(),
            Journal::Disk { directory, .. } => {
                let entry = read(&request_path(directory, id))?;
                Some((entry, read(&result_path(directory, id))))
            }
        }
    }

    pub fn begin(&self, entry: &Entry) -> Outcome<()> {
        match self {
            Journal::Memory(runs) => {
                guard(runs).insert(entry.id.clone(), (entry.clone(), None));
                Ok(())
            }
            Journal::Disk { directory, .. } => write(&request_path(directory, &entry.id), entry),
        }
    }

    pub fn finish(&self, end: &End) -> Outcome<()> {
        match self {
            Journal::Memory(runs) => {
                if let Some(run) = guard(runs).get_mut(&end.id) {
                    run.1 = Some(end.clone());
                }
                Ok(())
            }
            Journal::Disk { directory, .. } => write(&result_path(directory, &end.id), end),
        }
    }

    /// Whether there was something to forget.
    pub fn forget(&self, id: &str) -> Outcome<bool> {
        match self {
            Journal::Memory(runs) => Ok(guard(runs).remove(id).is_some()),
            Journal::Disk { directory, .. } => {
                // The request first: a result without one is nothing, a request without a
                // result would be an interrupted run.
                let known = files::remove_durably(&request_path(directory, id))?;
                files::remove_durably(&result_path(directory, id))?;
                Ok(known)
            }
        }
    }

    pub fn list(&self) -> Outcome<Vec<Recorded>> {
        match self {
            Journal::Memory(runs) => Ok(guard(runs).values().cloned().collect()),
            Journal::Disk { directory, .. } => {
                let entries =
                    fs::read_dir(directory).map_err(|error| SealError::io(directory, &error))?;
                let mut ids: Vec<String> = entries
                    .flatten()
                    .filter_map(|entry| {
                        let name = entry.file_name().into_string().ok()?;
                        Some(name.strip_suffix(REQUEST)?.to_string())
                    })
                    .collect();
                ids.sort();
                Ok(ids.iter().filter_map(|id| self.find(id)).collect())
            }
        }
    }
}

const REQUEST: &str = ".request.json";
const RESULT: &str = ".result.json";

fn request_path(directory: &Path, id: &str) -> PathBuf {
    directory.join(format!("{id}{REQUEST}"))
}

fn result_path(directory: &Path, id: &str) -> PathBuf {
    directory.join(format!("{id}{RESULT}"))
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> Option<T> {
    let text = fs::read(path).ok()?;
    match serde_json::from_slice(&text) {
        Ok(value) => Some(value),
        Err(error) => {
            log::error!("{}: {error}", path.display());
            None
        }
    }
}

fn write(path: &Path, value: &impl Serialize) -> Outcome<()> {
    let text =
        serde_json::to_vec(value).map_err(|error| SealError::new(Code::Io, error.to_string()))?;
    files::write_atomically(path, &text)
}
