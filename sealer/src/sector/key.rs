//! What a cache belongs to. The library reuses label layers by file size alone: a cache of
//! another ticket yields a CommR that can never be proven, and PC1 and PC2 report success.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{Code, Outcome, SealError};
use crate::files;
use crate::sector::pieces::Piece;
use crate::values::{Bytes32, Miner, SealProof};

const FILE: &str = "beepro-key.json";

/// Everything the replica id is derived from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheKey {
    pub miner: Miner,
    pub number: u64,
    pub proof: SealProof,
    pub ticket: Bytes32,
    pub comm_d: Bytes32,
    /// In order, zero fill included; they determine CommD.
    pub pieces: Vec<Piece>,
}

impl CacheKey {
    pub fn path(cache: &Path) -> PathBuf {
        cache.join(FILE)
    }

    /// None when the cache has no key, or none that can be read: it belongs to nothing known.
    pub fn read(cache: &Path) -> Option<Self> {
        let text = fs::read(Self::path(cache)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    pub fn write(&self, cache: &Path) -> Outcome<()> {
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| SealError::new(Code::Io, error.to_string()))?;
        files::write_atomically(&Self::path(cache), &text)
    }

    /// Names the key in markers.
    pub fn digest(&self) -> Bytes32 {
        let mut hasher = Sha256::new();
        for number in [self.miner.0, self.number, self.proof.number()] {
            hasher.update(number.to_le_bytes());
        }
        hasher.update(self.ticket.0);
        hasher.update(self.comm_d.0);
        Bytes32(hasher.finalize().into())
    }

    /// The first field in which the two differ. Pieces are judged by their CommD.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        if self.miner != other.miner {
            Some("miner")
        } else if self.number != other.number {
            Some("number")
        } else if self.proof != other.proof {
            Some("proof")
        } else if self.ticket != other.ticket {
            Some("ticket")
        } else if self.comm_d != other.comm_d {
            Some("comm_d")
        } else {
            None
        }
    }
}

/// Reads the key of a cache that must belong to this sector and ticket.
pub fn require(
    cache: &Path,
    miner: Miner,
    number: u64,
    proof: SealProof,
    ticket: Bytes32,
) -> Outcome<CacheKey> {
    let key = CacheKey::read(cache).ok_or_else(|| {
        SealError::new(
            Code::NotSealed,
            format!(
                "{} does not say what it belongs to: run pre-commit 1",
                cache.display()
            ),
        )
    })?;
    let wanted = CacheKey {
        miner,
        number,
        proof,
        ticket,
        ..key.clone()
    };
    match key.difference(&wanted) {
        Some(field) => Err(SealError::stale_key(
            field,
            format!("{} belongs to another {field}", cache.display()),
        )),
        None => Ok(key),
    }
}
