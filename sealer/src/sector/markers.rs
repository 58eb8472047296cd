//! Markers in a cache: how far its replica has come. PC2 adds the key to the replica in place,
//! so it must see each fresh replica exactly once; the library itself does not notice.

use std::fs;
use std::path::{Path, PathBuf};

use filecoin_proofs_api::seal::SealPreCommitPhase1Output;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Code, Outcome, SealError};
use crate::files;
use crate::values::Bytes32;

/// `beepro-fresh.json`: the replica is a fresh copy of the data and the labels are complete.
#[derive(Debug, Serialize, Deserialize)]
pub struct Fresh {
    pub key: Bytes32,
    pub pc1: SealPreCommitPhase1Output,
}

/// `beepro-sealed.json`: pre-commit 2 is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sealed {
    pub key: Bytes32,
    pub comm_r: Bytes32,
    pub comm_d: Bytes32,
}

/// `beepro-update.json`: the encoding of a replica update is complete.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Updated {
    pub comm_r_old: Bytes32,
    pub comm_r_new: Bytes32,
    pub comm_r_last_new: Bytes32,
    pub comm_d_new: Bytes32,
}

pub trait Marker: Serialize + DeserializeOwned {
    const FILE: &'static str;

    fn path(cache: &Path) -> PathBuf {
        cache.join(Self::FILE)
    }

    /// None when it is not there. One that cannot be read counts as absent: it vouches for
    /// nothing.
    fn read(cache: &Path) -> Option<Self> {
        let text = fs::read(Self::path(cache)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn write(&self, cache: &Path) -> Outcome<()> {
        let text = serde_json::to_vec(self)
            .map_err(|error| SealError::new(Code::Io, error.to_string()))?;
        files::write_atomically(&Self::path(cache), &text)
    }

    /// Durable before it returns.
    fn remove(cache: &Path) -> Outcome<()> {
        files::remove_durably(&Self::path(cache)).map(|_| ())
    }
}

impl Marker for Fresh {
    const FILE: &'static str = "beepro-fresh.json";
}

impl Marker for Sealed {
    const FILE: &'static str = "beepro-sealed.json";
}

impl Marker for Updated {
    const FILE: &'static str = "beepro-update.json";
}
