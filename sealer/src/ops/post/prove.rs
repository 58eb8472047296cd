//! The SNARKs: whole proofs, from vanilla files, by partition, and merging.

use filecoin_proofs_api::{post, PartitionSnarkProof};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files::NamedFile;
use crate::ops::post::replicas::{by_number, ReplicaRef};
use crate::ops::post::types::{PostProof, Randomness};
use crate::ops::post::vanilla::prove_each;
use crate::ops::post::verify::verify;
use crate::run::RunContext;
use crate::values::{Bytes32, HexBytes, Miner};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WholeParams {
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    sectors: Vec<ReplicaRef>,
}

#[derive(Debug, Serialize)]
pub struct ProofAnswer {
    pub proof: HexBytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partitions: Option<u64>,
}

pub fn window(context: &RunContext, params: WholeParams) -> Outcome<ProofAnswer> {
    require_kind(params.post_proof, true)?;
    whole(context, params)
}

pub fn winning(context: &RunContext, params: WholeParams) -> Outcome<ProofAnswer> {
    require_kind(params.post_proof, false)?;
    whole(context, params)
}

fn whole(context: &RunContext, params: WholeParams) -> Outcome<ProofAnswer> {
    let WholeParams {
        miner,
        post_proof,
        randomness,
        sectors,
    } = params;
    let sectors = by_number(sectors, |sector| sector.number)?;
    let (good, faulty) = prove_each(context, miner, post_proof, randomness, &sectors)?;
    if !faulty.is_empty() {
        return Err(SealError::new(
            Code::SectorsFaulty,
            format!(
                "{} of {} sectors cannot be proven",
                faulty.len(),
                sectors.len()
            ),
        )
        .with(json!({ "faulty": faulty })));
    }
    let answer = snark(
        context,
        miner,
        post_proof,
        randomness,
        good.into_values().collect(),
    )?;
    context.step("verify");
    let comm_rs: Vec<(u64, Bytes32)> = sectors
        .values()
        .map(|sector| (sector.number, sector.comm_r))
        .collect();
    if !verify(miner, post_proof, randomness, &comm_rs, &answer.proof.0)?.valid {
        return Err(SealError::new(
            Code::ProofInvalid,
            "the proof that was made does not verify",
        ));
    }
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VanillaParams {
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    vanilla: Vec<NamedFile>,
}

pub fn window_from_vanilla(context: &RunContext, params: VanillaParams) -> Outcome<ProofAnswer> {
    require_kind(params.post_proof, true)?;
    from_vanilla(context, params)
}

pub fn winning_from_vanilla(context: &RunContext, params: VanillaParams) -> Outcome<ProofAnswer> {
    require_kind(params.post_proof, false)?;
    from_vanilla(context, params)
}

fn from_vanilla(context: &RunContext, params: VanillaParams) -> Outcome<ProofAnswer> {
    let proofs = read_sorted(&params.vanilla)?;
    snark(
        context,
        params.miner,
        params.post_proof,
        params.randomness,
        proofs,
    )
}

fn snark(
    context: &RunContext,
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    proofs: Vec<Vec<u8>>,
) -> Outcome<ProofAnswer> {
    context.step("prove");
    let made = context.computing(true, || {
        let prover_id = miner.prover_id();
        if post_proof.is_window() {
            post::generate_window_post_with_vanilla(post_proof.0, &randomness.0, prover_id, &proofs)
        } else {
            post::generate_winning_post_with_vanilla(
                post_proof.0,
                &randomness.0,
                prover_id,
                &proofs,
            )
        }
        .map_err(|error| from_library(About::Parameters, &error))
    })?;
    context.fault(Step::Computed)?;
    let [(_, proof)] = <[_; 1]>::try_from(made)
        .map_err(|_| SealError::new(Code::Library, "the library made no single proof"))?;
    Ok(ProofAnswer {
        proof: HexBytes(proof),
        partitions: post_proof
            .is_window()
            .then(|| (proofs.len() as u64).div_ceil(post_proof.sectors_per_partition())),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionParams {
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    partition: usize,
    vanilla: Vec<NamedFile>,
}

#[derive(Debug, Serialize)]
pub struct PartitionAnswer {
    pub partition_proof: HexBytes,
}

pub fn partition(context: &RunContext, params: PartitionParams) -> Outcome<PartitionAnswer> {
    require_kind(params.post_proof, true)?;
    let proofs = read_sorted(&params.vanilla)?;
    if proofs.len() as u64 > params.post_proof.sectors_per_partition() {
        return Err(SealError::bad_request(format!(
            "a partition holds at most {} sectors",
            params.post_proof.sectors_per_partition()
        )));
    }
    context.step("prove");
    let proof = context.computing(true, || {
        post::generate_single_window_post_with_vanilla(
            params.post_proof.0,
            &params.randomness.0,
            params.miner.prover_id(),
            &proofs,
            params.partition,
        )
        .map_err(|error| from_library(About::Parameters, &error))
    })?;
    context.fault(Step::Computed)?;
    Ok(PartitionAnswer {
        partition_proof: HexBytes(proof.0),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MergeParams {
    post_proof: PostProof,
    partition_proofs: Vec<HexBytes>,
}

pub fn merge(_context: &RunContext, params: MergeParams) -> Outcome<ProofAnswer> {
    require_kind(params.post_proof, true)?;
    let partitions = params.partition_proofs.len() as u64;
    if partitions == 0 {
        return Err(SealError::bad_request("no partition proofs given"));
    }
    let proofs = params
        .partition_proofs
        .into_iter()
        .map(|proof| PartitionSnarkProof(proof.0))
        .collect();
    let proof = post::merge_window_post_partition_proofs(params.post_proof.0, proofs)
        .map_err(|error| from_library(About::Sector, &error))?;
    Ok(ProofAnswer {
        proof: HexBytes(proof),
        partitions: Some(partitions),
    })
}

fn require_kind(post_proof: PostProof, window: bool) -> Outcome<()> {
    if post_proof.is_window() != window {
        return Err(SealError::bad_request(format!(
            "expected a {} PoSt proof type",
            if window { "window" } else { "winning" }
        )));
    }
    Ok(())
}

/// Vanilla proofs by ascending sector number, each once. A vanilla proof begins with its
/// sector's number, 8 bytes, little-endian (bincode of FallbackPoStSectorProof).
fn read_sorted(files: &[NamedFile]) -> Outcome<Vec<Vec<u8>>> {
    let mut proofs = Vec::new();
    for file in files {
        let bytes = file.read()?;
        let number = bytes
            .first_chunk::<8>()
            .map(|head| u64::from_le_bytes(*head))
            .ok_or_else(|| SealError::wrong_size(file.path.as_path(), 8, bytes.len() as u64))?;
        proofs.push((number, bytes));
    }
    Ok(by_number(proofs, |proof| proof.0)?
        .into_values()
        .map(|(_, bytes)| bytes)
        .collect())
}
