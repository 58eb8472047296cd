//! `commit-1`: the vanilla proofs for the chain's challenges, all that C2 needs.

use std::path::Path;

use filecoin_proofs_api::seal;
use filecoin_proofs_api::seal::{SealCommitPhase1Output, SealPreCommitPhase2Output};
use serde::{Deserialize, Serialize};

use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files::{self, WrittenFile};
use crate::ops::synthetic_proofs::require_sealed;
use crate::run::RunContext;
use crate::sector::commitments::require_comm_r;
use crate::sector::directory::{SectorDirectory, SectorRef};
use crate::sector::key::{self, CacheKey};
use crate::sector::pieces;
use crate::values::{sector_id, Bytes32};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    sector: SectorRef,
    ticket: Bytes32,
    seed: Bytes32,
    comm_r: Bytes32,
    comm_d: Bytes32,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub c1: WrittenFile,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let Params {
        sector,
        ticket,
        seed,
        comm_r,
        comm_d,
    } = params;
    if seed.0 == [0; 32] {
        return Err(SealError::bad_request("a seed of zeros is none"));
    }
    let directory = SectorDirectory::open(&sector, context)?;
    let key = require_provable(&directory, &sector, ticket, comm_r)?;
    if key.comm_d != comm_d {
        return Err(SealError::stale_key(
            "comm_d",
            format!("the cache has CommD {:?}, not {comm_d:?}", key.comm_d),
        ));
    }
    context.step("prove");
    let output = vanilla_proofs(&directory.cache(), &directory.sealed(), &key, comm_r, seed)?;
    context.fault(Step::Computed)?;
    context.step("write");
    let bytes = serde_json::to_vec(&output)
        .map_err(|error| SealError::new(Code::Library, error.to_string()))?;
    let c1 = files::write_named(&directory.c1(), &bytes)?;
    context.fault(Step::Marked)?;
    Ok(Answer { c1 })
}

/// The key of a sector whose pre-commit 2 gave `comm_r`.
pub fn require_provable(
    directory: &SectorDirectory,
    sector: &SectorRef,
    ticket: Bytes32,
    comm_r: Bytes32,
) -> Outcome<CacheKey> {
    let cache = directory.cache();
    let key = key::require(&cache, sector.miner, sector.number, sector.proof, ticket)?;
    let sealed = require_sealed(&cache, &key)?;
    if sealed.comm_r != comm_r {
        return Err(SealError::stale_key(
            "comm_r",
            format!("the sector has CommR {:?}, not {comm_r:?}", sealed.comm_r),
        ));
    }
    require_comm_r(&cache, comm_r)?;
    files::require_size(&directory.sealed(), sector.proof.sector_size())?;
    Ok(key)
}

/// The library's commit 1: makes the vanilla proofs and verifies every one of them.
pub fn vanilla_proofs(
    cache: &Path,
    sealed: &Path,
    key: &CacheKey,
    comm_r: Bytes32,
    seed: Bytes32,
) -> Outcome<SealCommitPhase1Output> {
    seal::seal_commit_phase1(
        cache,
        sealed,
        key.miner.prover_id(),
        sector_id(key.number),
        key.ticket.0,
        seed.0,
        SealPreCommitPhase2Output {
            registered_proof: key.proof.0,
            comm_r: comm_r.0,
            comm_d: key.comm_d.0,
        },
        &pieces::to_library(&key.pieces),
    )
    .map_err(|error| from_library(About::Sector, &error))
}
