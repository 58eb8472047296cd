//! `commit-2`: the SNARK, from C1's output alone. Any machine with the parameters can do it.

use filecoin_proofs_api::seal;
use filecoin_proofs_api::seal::SealCommitPhase1Output;
use serde::{Deserialize, Serialize};

use crate::error::{from_library, About, Outcome, SealError};
use crate::fault::Step;
use crate::files::NamedFile;
use crate::run::RunContext;
use crate::values::{sector_id, Bytes32, HexBytes, Miner};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    miner: Miner,
    number: u64,
    c1: NamedFile,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub proof: HexBytes,
    pub c1_sha256: Bytes32,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let Params { miner, number, c1 } = params;
    context.step("read");
    let output: SealCommitPhase1Output = serde_json::from_slice(&c1.read()?).map_err(|error| {
        SealError::bad_request(format!(
            "{} is no output of commit 1: {error}",
            c1.path.as_path().display()
        ))
    })?;
    context.step("prove");
    let proof = context.computing(true, || {
        seal::seal_commit_phase2(output, miner.prover_id(), sector_id(number))
            .map_err(|error| from_library(About::Parameters, &error))
    })?;
    context.fault(Step::Computed)?;
    Ok(Answer {
        proof: HexBytes(proof.proof),
        c1_sha256: c1.sha256,
    })
}
