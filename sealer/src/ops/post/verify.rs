//! `verify-window-post` and `verify-winning-post`: what the chain does with a proof.

use std::collections::BTreeMap;

use filecoin_proofs_api::{post, PublicReplicaInfo, SectorId};
use serde::Deserialize;

use crate::error::{Outcome, SealError};
use crate::ops::post::replicas::by_number;
use crate::ops::post::types::{PostProof, Randomness};
use crate::ops::verify_seal::{judge, Answer, Form};
use crate::run::RunContext;
use crate::values::{sector_id, Bytes32, HexBytes, Miner};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    sectors: Vec<PublicSector>,
    proof: HexBytes,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicSector {
    number: u64,
    comm_r: Bytes32,
}

pub fn window(_context: &RunContext, params: Params) -> Outcome<Answer> {
    run(params, true)
}

pub fn winning(_context: &RunContext, params: Params) -> Outcome<Answer> {
    run(params, false)
}

fn run(params: Params, window: bool) -> Outcome<Answer> {
    if params.post_proof.is_window() != window {
        return Err(SealError::bad_request("post_proof is of the other kind"));
    }
    let sectors: Vec<(u64, Bytes32)> = by_number(params.sectors, |sector| sector.number)?
        .into_values()
        .map(|sector| (sector.number, sector.comm_r))
        .collect();
    verify(
        params.miner,
        params.post_proof,
        params.randomness,
        &sectors,
        &params.proof.0,
    )
}

pub fn verify(
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    sectors: &[(u64, Bytes32)],
    proof: &[u8],
) -> Outcome<Answer> {
    let replicas: BTreeMap<SectorId, PublicReplicaInfo> = sectors
        .iter()
        .map(|(number, comm_r)| {
            (
                sector_id(*number),
                PublicReplicaInfo::new(post_proof.0, comm_r.0),
            )
        })
        .collect();
    let prover_id = miner.prover_id();
    judge(Form::Groth16, proof, || {
        if post_proof.is_window() {
            post::verify_window_post(
                &randomness.0,
                &[(post_proof.0, proof)],
                &replicas,
                prover_id,
            )
        } else {
            post::verify_winning_post(&randomness.0, proof, &replicas, prover_id)
        }
    })
}
