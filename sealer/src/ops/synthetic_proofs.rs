//! `synthetic-proofs`: makes the file from which C1 takes its vanilla proofs later, so that the
//! layers can go (FIP-0059).

use filecoin_proofs_api::seal;
use filecoin_proofs_api::seal::SealPreCommitPhase2Output;
use serde::{Deserialize, Serialize};

use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::files;
use crate::run::RunContext;
use crate::sector::directory::{SectorDirectory, SectorRef};
use crate::sector::key::{self, CacheKey};
use crate::sector::markers::{Marker, Sealed};
use crate::sector::pieces;
use crate::values::{sector_id, Bytes32};

pub const FILE: &str = "syn-porep-vanilla-proofs.dat";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    sector: SectorRef,
    ticket: Bytes32,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    /// Bytes of the file.
    pub size: u64,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let Params { sector, ticket } = params;
    if !sector.proof.is_synthetic() {
        return Err(SealError::bad_request(format!(
            "seal proof {} is not synthetic",
            sector.proof.number()
        )));
    }
    let directory = SectorDirectory::open(&sector, context)?;
    let cache = directory.cache();
    let key = key::require(&cache, sector.miner, sector.number, sector.proof, ticket)?;
    let sealed = require_sealed(&cache, &key)?;
    let size = generate(context, &directory, &key, &sealed)?;
    Ok(Answer { size })
}

pub fn generate(
    context: &RunContext,
    directory: &SectorDirectory,
    key: &CacheKey,
    sealed: &Sealed,
) -> Outcome<u64> {
    context.step("synthetic");
    let cache = directory.cache();
    let path = cache.join(FILE);
    // The library writes it in place: of an interrupted try nothing may remain.
    files::remove_durably(&path)?;
    seal::generate_synth_proofs(
        &cache,
        &directory.sealed(),
        key.miner.prover_id(),
        sector_id(key.number),
        key.ticket.0,
        SealPreCommitPhase2Output {
            registered_proof: key.proof.0,
            comm_r: sealed.comm_r.0,
            comm_d: sealed.comm_d.0,
        },
        &pieces::to_library(&key.pieces),
    )
    .map_err(|error| from_library(About::Sector, &error))?;
    files::sync_file(&path)?;
    files::size_of(&path)
}

/// The marker of a finished pre-commit 2 of this key.
pub fn require_sealed(cache: &std::path::Path, key: &CacheKey) -> Outcome<Sealed> {
    Sealed::read(cache)
        .filter(|sealed| sealed.key == key.digest())
        .ok_or_else(|| {
            SealError::new(
                Code::NotSealed,
                format!("{}: pre-commit 2 has not finished", cache.display()),
            )
        })
}
