//! `verify-seal`: what the chain does with a proof of replication.

use filecoin_proofs_api::seal;
use serde::{Deserialize, Serialize};

use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::run::RunContext;
use crate::values::{sector_id, Bytes32, HexBytes, Miner, SealProof};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    miner: Miner,
    number: u64,
    proof_type: SealProof,
    comm_r: Bytes32,
    comm_d: Bytes32,
    ticket: Bytes32,
    seed: Bytes32,
    proof: HexBytes,
}

#[derive(Debug, PartialEq, Serialize)]
pub struct Answer {
    pub valid: bool,
}

pub fn run(_context: &RunContext, params: Params) -> Outcome<Answer> {
    judge(seal::verify_seal(
        params.proof_type.0,
        params.comm_r.0,
        params.comm_d.0,
        params.miner.prover_id(),
        sector_id(params.number),
        params.ticket.0,
        params.seed.0,
        &params.proof.0,
    ))
}

/// A proof that cannot even be read is an invalid one; only what hinders the verifier itself
/// (missing or broken parameters, a full disk) is an error.
pub fn judge(verdict: anyhow::Result<bool>) -> Outcome<Answer> {
    match verdict {
        Ok(valid) => Ok(Answer { valid }),
        Err(error) => {
            let error = from_library(About::Sector, &error);
            match error.code {
                Code::ParamsMissing | Code::NoSpace | Code::OutOfMemory => Err(error),
                Code::Io => Err(SealError {
                    code: Code::ParamsCorrupt,
                    ..error
                }),
                _ => {
                    log::info!("a proof is invalid: {}", error.message);
                    Ok(Answer { valid: false })
                }
            }
        }
    }
}
