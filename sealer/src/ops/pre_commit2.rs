//! `pre-commit-2`: builds the trees and encodes the replica in place.
//!
//! The library adds the key to whatever it finds: run twice, or again after a kill in the middle,
//! it reports success with a CommR of lost data. So it runs only on a replica that PC1 has just
//! restored, and the marker that says so is consumed before the first byte changes.

use std::path::Path;

use filecoin_proofs_api::seal;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::disk;
use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files;
use crate::gpu;
use crate::ops::synthetic_proofs;
use crate::run::RunContext;
use crate::sector::commitments::require_comm_r;
use crate::sector::directory::{SectorDirectory, SectorRef};
use crate::sector::key::{self, CacheKey};
use crate::sector::markers::{Fresh, Marker, Sealed};
use crate::values::{Bytes32, SealProof};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    sector: SectorRef,
    ticket: Bytes32,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub comm_r: Bytes32,
    pub comm_d: Bytes32,
    pub synthetic: bool,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let Params { sector, ticket } = params;
    let directory = SectorDirectory::open(&sector, context)?;
    let (sealed, cache) = (directory.sealed(), directory.cache());
    let key = key::require(&cache, sector.miner, sector.number, sector.proof, ticket)?;
    let fresh = require_fresh(&directory, &key)?;
    files::require_size(&sealed, sector.proof.sector_size())?;
    disk::require_space(directory.path(), tree_bytes(sector.proof))?;
    disk::allocate(&sealed, sector.proof.sector_size())?;
    if context.require_gpu {
        gpu::require()?;
    }

    Fresh::remove(&cache)?;
    drop_trees(&cache)?;
    context.fault(Step::Touched)?;
    context.step("encode");
    let output = context.computing(false, || {
        seal::seal_pre_commit_phase2(fresh.pc1, &cache, &sealed)
            .map_err(|error| from_library(About::Sector, &error))
    })?;
    context.fault(Step::Computed)?;

    context.step("sync");
    files::sync_file(&sealed)?;
    sync_kept_files(&cache)?;
    let marker = Sealed {
        key: key.digest(),
        comm_r: Bytes32(output.comm_r),
        comm_d: Bytes32(output.comm_d),
    };
    require_comm_r(&cache, marker.comm_r)?;
    marker.write(&cache)?;
    context.fault(Step::Marked)?;

    let synthetic = sector.proof.is_synthetic();
    if synthetic {
        synthetic_proofs::generate(context, &directory, &key, &marker)?;
    }
    Ok(Answer {
        comm_r: marker.comm_r,
        comm_d: marker.comm_d,
        synthetic,
    })
}

fn require_fresh(directory: &SectorDirectory, key: &CacheKey) -> Outcome<Fresh> {
    let cache = directory.cache();
    if let Some(fresh) = Fresh::read(&cache) {
        if fresh.key == key.digest() {
            return Ok(fresh);
        }
    }
    let not_fresh =
        |message: &str, data| Err(SealError::new(Code::ReplicaNotFresh, message).with(data));
    match Sealed::read(&cache) {
        Some(done) => not_fresh(
            "the replica is sealed already",
            json!({ "state": "sealed", "comm_r": done.comm_r, "comm_d": done.comm_d }),
        ),
        None if directory.sealed().exists() => not_fresh(
            "the replica may have been touched: run pre-commit 1 again",
            json!({ "state": "touched" }),
        ),
        None => not_fresh(
            "there is no replica: run pre-commit 1",
            json!({ "state": "missing" }),
        ),
    }
}

/// Trees of an earlier run: one that was killed in the middle leaves them half-written, and the
/// library takes any tree that is there for a finished one.
fn drop_trees(cache: &Path) -> Outcome<()> {
    let entries = std::fs::read_dir(cache).map_err(|error| SealError::io(cache, &error))?;
    for entry in entries {
        let path = entry.map_err(|error| SealError::io(cache, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_tree = ["sc-02-data-tree-c", "sc-02-data-tree-r-last"]
            .iter()
            .any(|prefix| name.starts_with(prefix));
        if is_tree {
            files::remove_durably(&path)?;
        }
    }
    Ok(())
}

/// Tree C and tree R at most: 8-ary trees over one node of 32 bytes per node, 8/7 of a sector
/// together with what of tree R is kept.
fn tree_bytes(proof: SealProof) -> u64 {
    proof.sector_size() / 4 * 5
}

/// What must survive a power loss from here on: proofs of storage need it for years.
fn sync_kept_files(cache: &Path) -> Outcome<()> {
    let entries = std::fs::read_dir(cache).map_err(|error| SealError::io(cache, &error))?;
    for entry in entries {
        let entry = entry.map_err(|error| SealError::io(cache, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name == "p_aux" || name == "t_aux" || name.starts_with("sc-02-data-tree-r-last") {
            files::sync_file(&entry.path())?;
        }
    }
    files::sync_directory(cache).map_err(|error| SealError::io(cache, &error))
}
