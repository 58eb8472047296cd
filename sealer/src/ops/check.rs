//! `check`: vanilla proofs for random seeds. One seed's challenges can miss a damaged part of the
//! replica (seen: two challenges missed a quarter); a pre-commit of it would be a lost deposit.

use filecoin_proofs_api::seal::VanillaSealProof;
use serde::{Deserialize, Serialize};

use crate::error::{Code, Outcome, SealError};
use crate::fault::Step;
use crate::files;
use crate::ops::commit1::{require_provable, vanilla_proofs};
use crate::run::RunContext;
use crate::sector::directory::{SectorDirectory, SectorRef};
use crate::values::Bytes32;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    sector: SectorRef,
    ticket: Bytes32,
    comm_r: Bytes32,
    #[serde(default = "default_seeds")]
    seeds: u64,
}

fn default_seeds() -> u64 {
    8
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub seeds: u64,
    /// Challenges verified in all.
    pub challenges: u64,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let Params {
        sector,
        ticket,
        comm_r,
        seeds,
    } = params;
    if !(1..=1000).contains(&seeds) {
        return Err(SealError::bad_request("seeds: expected 1 to 1000"));
    }
    // Non-interactive challenges do not depend on the seed (FIP-0092).
    let seeds = if sector.proof.is_non_interactive() {
        1
    } else {
        seeds
    };
    let directory = SectorDirectory::open(&sector, context)?;
    let key = require_provable(&directory, &sector, ticket, comm_r)?;
    context.step("check");
    let mut challenges = 0;
    for done in 0..seeds {
        let seed = Bytes32(files::random_bytes()?);
        let output = vanilla_proofs(&directory.cache(), &directory.sealed(), &key, comm_r, seed)
            .map_err(as_invalid)?;
        challenges += count(&output.vanilla_proofs);
        context.advance("check", done + 1, seeds);
    }
    context.fault(Step::Computed)?;
    Ok(Answer { seeds, challenges })
}

/// Whatever the library says when a proof cannot be made from complete files, the replica is at
/// fault; missing or truncated files keep their own code.
fn as_invalid(error: SealError) -> SealError {
    match error.code {
        Code::Library => SealError {
            code: Code::ReplicaInvalid,
            ..error
        },
        _ => error,
    }
}

fn count(proofs: &VanillaSealProof) -> u64 {
    fn sum<T>(partitions: &[Vec<T>]) -> u64 {
        partitions
            .iter()
            .map(|partition| partition.len() as u64)
            .sum()
    }
    match proofs {
        VanillaSealProof::StackedDrg2KiBV1(partitions) => sum(partitions),
        VanillaSealProof::StackedDrg8MiBV1(partitions) => sum(partitions),
        VanillaSealProof::StackedDrg512MiBV1(partitions) => sum(partitions),
        VanillaSealProof::StackedDrg32GiBV1(partitions) => sum(partitions),
        VanillaSealProof::StackedDrg64GiBV1(partitions) => sum(partitions),
    }
}
