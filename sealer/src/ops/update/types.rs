//! Parameters that the update ops share.

use std::path::PathBuf;

use filecoin_proofs_api::RegisteredUpdateProof;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::error::{Code, Outcome, SealError};
use crate::files;
use crate::sector::commitments::require_comm_r;
use crate::sector::directory::SectorDirectory;
use crate::sector::markers::{Marker, Sealed};
use crate::values::{Bytes32, SectorPath};

/// An update proof type by Filecoin's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateProof(pub RegisteredUpdateProof);

impl UpdateProof {
    pub fn sector_size(self) -> u64 {
        u64::from(self.0.sector_size())
    }
}

impl<'de> Deserialize<'de> for UpdateProof {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use RegisteredUpdateProof::*;
        Ok(UpdateProof(match u64::deserialize(deserializer)? {
            0 => StackedDrg2KiBV1,
            1 => StackedDrg8MiBV1,
            2 => StackedDrg512MiBV1,
            3 => StackedDrg32GiBV1,
            4 => StackedDrg64GiBV1,
            other => return Err(D::Error::custom(format!("unknown update proof {other}"))),
        }))
    }
}

/// `key` of a request: the sealed CC sector that is updated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyRef {
    pub sealed: SectorPath,
    pub cache: SectorPath,
    pub comm_r: Bytes32,
}

/// A sector key whose files are there and belong to its CommR.
#[derive(Clone, Debug)]
pub struct SectorKey {
    pub sealed: PathBuf,
    pub cache: PathBuf,
    pub comm_r: Bytes32,
}

impl KeyRef {
    pub fn check(&self, proof: UpdateProof) -> Outcome<SectorKey> {
        SectorKey {
            sealed: self.sealed.0.clone(),
            cache: self.cache.0.clone(),
            comm_r: self.comm_r,
        }
        .check(proof)
    }
}

impl SectorKey {
    /// The key given, or the replica in the sector's own directory.
    pub fn of(
        given: Option<&KeyRef>,
        directory: &SectorDirectory,
        proof: UpdateProof,
    ) -> Outcome<Self> {
        if let Some(key) = given {
            return key.check(proof);
        }
        let cache = directory.cache();
        let comm_r = Sealed::read(&cache)
            .map(|sealed| sealed.comm_r)
            .ok_or_else(|| {
                SealError::new(
                    Code::NotSealed,
                    format!("{}: pre-commit 2 has not finished", cache.display()),
                )
            })?;
        SectorKey {
            sealed: directory.sealed(),
            cache,
            comm_r,
        }
        .check(proof)
    }

    fn check(self, proof: UpdateProof) -> Outcome<Self> {
        files::require_size(&self.sealed, proof.sector_size())?;
        require_comm_r(&self.cache, self.comm_r)?;
        Ok(self)
    }
}
