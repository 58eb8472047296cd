//! `aggregate` and `verify-aggregate`: many proofs of replication in one (FIP-0013, SnarkPack).

use filecoin_proofs_api::seal;
use filecoin_proofs_api::seal::SealCommitPhase2Output;
use filecoin_proofs_api::RegisteredAggregationProof;
use serde::de::Error as _;
use serde::Serialize;
use serde::{Deserialize, Deserializer};

use crate::error::{from_library, About, Outcome, SealError};
use crate::fault::Step;
use crate::ops::verify_seal::{judge, Answer as Verdict, Form};
use crate::run::RunContext;
use crate::values::{sector_id, Bytes32, HexBytes, Miner, SealProof};

/// Filecoin's number of an aggregation.
#[derive(Clone, Copy, Debug)]
struct Aggregation(RegisteredAggregationProof);

impl<'de> Deserialize<'de> for Aggregation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u64::deserialize(deserializer)? {
            0 => Ok(Aggregation(RegisteredAggregationProof::SnarkPackV1)),
            1 => Ok(Aggregation(RegisteredAggregationProof::SnarkPackV2)),
            other => Err(D::Error::custom(format!("unknown aggregation {other}"))),
        }
    }
}

fn snark_pack_v2() -> Aggregation {
    Aggregation(RegisteredAggregationProof::SnarkPackV2)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    proof_type: SealProof,
    #[serde(default = "snark_pack_v2")]
    aggregation: Aggregation,
    sectors: Vec<ProvenSector>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ProvenSector {
    comm_r: Bytes32,
    seed: Bytes32,
    proof: HexBytes,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub proof: HexBytes,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    if params.sectors.is_empty() {
        return Err(SealError::bad_request("no sectors given"));
    }
    let comm_rs: Vec<[u8; 32]> = params
        .sectors
        .iter()
        .map(|sector| sector.comm_r.0)
        .collect();
    let seeds: Vec<[u8; 32]> = params.sectors.iter().map(|sector| sector.seed.0).collect();
    let outputs: Vec<SealCommitPhase2Output> = params
        .sectors
        .into_iter()
        .map(|sector| SealCommitPhase2Output {
            proof: sector.proof.0,
        })
        .collect();
    context.step("aggregate");
    let proof = context.computing(true, || {
        seal::aggregate_seal_commit_proofs(
            params.proof_type.0,
            params.aggregation.0,
            &comm_rs,
            &seeds,
            &outputs,
        )
        .map_err(|error| from_library(About::Sector, &error))
    })?;
    context.fault(Step::Computed)?;
    Ok(Answer {
        proof: HexBytes(proof),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyParams {
    miner: Miner,
    proof_type: SealProof,
    #[serde(default = "snark_pack_v2")]
    aggregation: Aggregation,
    sectors: Vec<PublicSector>,
    proof: HexBytes,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicSector {
    number: u64,
    comm_r: Bytes32,
    comm_d: Bytes32,
    ticket: Bytes32,
    seed: Bytes32,
}

pub fn verify(_context: &RunContext, params: VerifyParams) -> Outcome<Verdict> {
    if params.sectors.is_empty() {
        return Err(SealError::bad_request("no sectors given"));
    }
    let comm_rs: Vec<[u8; 32]> = params
        .sectors
        .iter()
        .map(|sector| sector.comm_r.0)
        .collect();
    let seeds: Vec<[u8; 32]> = params.sectors.iter().map(|sector| sector.seed.0).collect();
    let mut inputs = Vec::new();
    for sector in &params.sectors {
        inputs.extend(
            seal::get_seal_inputs(
                params.proof_type.0,
                sector.comm_r.0,
                sector.comm_d.0,
                params.miner.prover_id(),
                sector_id(sector.number),
                sector.ticket.0,
                sector.seed.0,
            )
            .map_err(|error| SealError::bad_request(format!("{error:#}")))?,
        );
    }
    judge(Form::Aggregate, &params.proof.0, || {
        seal::verify_aggregate_seal_commit_proofs(
            params.proof_type.0,
            params.aggregation.0,
            params.proof.0.clone(),
            &comm_rs,
            &seeds,
            inputs,
        )
    })
}
