//! Sectors of a proof: in ascending order, each once, as on chain; and what must be there before
//! the library may look at them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use filecoin_proofs_api::PrivateReplicaInfo;
use serde::Deserialize;
use serde_json::json;

use crate::error::{Code, Outcome, SealError};
use crate::files;
use crate::ops::post::types::PostProof;
use crate::sector::commitments::require_comm_r;
use crate::values::{Bytes32, SectorPath};

/// A sector to prove.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplicaRef {
    pub number: u64,
    pub comm_r: Bytes32,
    pub cache: SectorPath,
    pub sealed: SectorPath,
}

/// Sectors by number. A number given twice is the same sector twice (a skipped sector is replaced
/// by a good one of the same proof), which the network's verifier counts once.
pub fn by_number<T: PartialEq>(
    sectors: Vec<T>,
    number: impl Fn(&T) -> u64,
) -> Outcome<BTreeMap<u64, T>> {
    let mut map = BTreeMap::new();
    for sector in sectors {
        let key = number(&sector);
        match map.get(&key) {
            Some(known) if *known != sector => {
                return Err(SealError::bad_request(format!(
                    "sector {key} is given twice, and differently"
                )))
            }
            _ => map.insert(key, sector),
        };
    }
    if map.is_empty() {
        return Err(SealError::bad_request("no sectors given"));
    }
    Ok(map)
}

impl ReplicaRef {
    /// Checks what the library does not: it creates a missing tree file, full of zeros, and hides
    /// the cause from the next run; and a wrong CommC passes the vanilla proof and fails the SNARK.
    pub fn check(&self, proof: PostProof) -> Outcome<PrivateReplicaInfo> {
        let cache = self.cache.as_path();
        files::require_directory(cache)?;
        files::require_size(self.sealed.as_path(), proof.sector_size())?;
        require_comm_r(cache, self.comm_r)?;
        for path in tree_files(cache, proof.sector_size()) {
            let size = fs::metadata(&path).map(|file| file.len()).unwrap_or(0);
            if size == 0 {
                return Err(SealError::new(
                    Code::CacheCorrupt,
                    format!("{} is missing or empty", path.display()),
                )
                .with(json!({ "path": path })));
            }
        }
        Ok(PrivateReplicaInfo::new(
            proof.0,
            self.comm_r.0,
            self.cache.0.clone(),
            self.sealed.0.clone(),
        ))
    }
}

/// The files of tree R: one up to 512 MiB, 8 at 32 GiB, 16 at 64 GiB.
fn tree_files(cache: &Path, sector_size: u64) -> Vec<PathBuf> {
    let count = match sector_size >> 30 {
        32 => 8,
        64 => 16,
        _ => return vec![cache.join("sc-02-data-tree-r-last.dat")],
    };
    (0..count)
        .map(|index| cache.join(format!("sc-02-data-tree-r-last-{index}.dat")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeats_count_once_and_must_agree() {
        let map = by_number(vec![(3, 'a'), (1, 'b'), (3, 'a')], |sector| sector.0).unwrap();
        assert_eq!(map.into_keys().collect::<Vec<_>>(), vec![1, 3]);
        assert!(by_number(vec![(3, 'a'), (3, 'b')], |sector| sector.0).is_err());
        assert!(by_number(Vec::<(u64, char)>::new(), |sector| sector.0).is_err());
    }
}
