//! `update-vanilla`, `update-prove`, `update-prove-from-vanilla` and `verify-update`.

use filecoin_proofs_api::{update, PartitionProofBytes};
use serde::{Deserialize, Serialize};

use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files::{self, NamedFile, WrittenFile};
use crate::ops::update::types::{KeyRef, SectorKey, UpdateProof};
use crate::ops::verify_seal::{judge, Answer as Verdict, Form};
use crate::run::RunContext;
use crate::sector::commitments::require_comm_r;
use crate::sector::directory::{SectorDirectory, SectorRef};
use crate::values::{AbsPath, Bytes32, HexBytes};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VanillaParams {
    sector: SectorRef,
    update_proof: UpdateProof,
    key: Option<KeyRef>,
    comm_r_old: Bytes32,
    comm_r_new: Bytes32,
    comm_d_new: Bytes32,
    out_dir: AbsPath,
}

#[derive(Debug, Serialize)]
pub struct VanillaAnswer {
    pub vanilla: Vec<WrittenFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProveParams {
    sector: SectorRef,
    update_proof: UpdateProof,
    key: Option<KeyRef>,
    comm_r_old: Bytes32,
    comm_r_new: Bytes32,
    comm_d_new: Bytes32,
}

#[derive(Debug, Serialize)]
pub struct ProofAnswer {
    pub proof: HexBytes,
}

#[derive(Clone, Copy)]
struct Commitments {
    comm_r_old: Bytes32,
    comm_r_new: Bytes32,
    comm_d_new: Bytes32,
}

pub fn vanilla(context: &RunContext, params: VanillaParams) -> Outcome<VanillaAnswer> {
    files::require_directory(params.out_dir.as_path())?;
    let commitments = Commitments {
        comm_r_old: params.comm_r_old,
        comm_r_new: params.comm_r_new,
        comm_d_new: params.comm_d_new,
    };
    let proofs = prove_vanilla(
        context,
        &params.sector,
        params.update_proof,
        params.key.as_ref(),
        commitments,
    )?;
    context.fault(Step::Computed)?;
    let vanilla = proofs
        .iter()
        .enumerate()
        .map(|(partition, proof)| {
            let name = format!("update-vanilla-{partition}.bin");
            files::write_named(&params.out_dir.as_path().join(name), &proof.0)
        })
        .collect::<Outcome<_>>()?;
    Ok(VanillaAnswer { vanilla })
}

pub fn prove(context: &RunContext, params: ProveParams) -> Outcome<ProofAnswer> {
    let commitments = Commitments {
        comm_r_old: params.comm_r_old,
        comm_r_new: params.comm_r_new,
        comm_d_new: params.comm_d_new,
    };
    let proofs = prove_vanilla(
        context,
        &params.sector,
        params.update_proof,
        params.key.as_ref(),
        commitments,
    )?;
    snark(context, params.update_proof, proofs, commitments)
}

fn prove_vanilla(
    context: &RunContext,
    sector: &SectorRef,
    update_proof: UpdateProof,
    key: Option<&KeyRef>,
    commitments: Commitments,
) -> Outcome<Vec<PartitionProofBytes>> {
    let directory = SectorDirectory::open(sector, context)?;
    let key = SectorKey::of(key, &directory, update_proof)?;
    if key.comm_r != commitments.comm_r_old {
        return Err(SealError::stale_key(
            "comm_r_old",
            format!("the sector key has CommR {:?}", key.comm_r),
        ));
    }
    files::require_size(&directory.update(), update_proof.sector_size())?;
    require_comm_r(&directory.update_cache(), commitments.comm_r_new)?;
    context.step("vanilla");
    let proofs = update::generate_partition_proofs(
        update_proof.0,
        commitments.comm_r_old.0,
        commitments.comm_r_new.0,
        commitments.comm_d_new.0,
        &key.sealed,
        &key.cache,
        directory.update(),
        directory.update_cache(),
    )
    .map_err(|error| from_library(About::Sector, &error))?;
    let valid = update::verify_partition_proofs(
        update_proof.0,
        &proofs,
        commitments.comm_r_old.0,
        commitments.comm_r_new.0,
        commitments.comm_d_new.0,
    )
    .map_err(|error| from_library(About::Sector, &error))?;
    if !valid {
        return Err(SealError::new(
            Code::ReplicaInvalid,
            "the vanilla proofs of the update do not verify",
        ));
    }
    Ok(proofs)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FromVanillaParams {
    update_proof: UpdateProof,
    comm_r_old: Bytes32,
    comm_r_new: Bytes32,
    comm_d_new: Bytes32,
    vanilla: Vec<NamedFile>,
}

pub fn from_vanilla(context: &RunContext, params: FromVanillaParams) -> Outcome<ProofAnswer> {
    let proofs = params
        .vanilla
        .iter()
        .map(|file| file.read().map(PartitionProofBytes))
        .collect::<Outcome<Vec<_>>>()?;
    snark(
        context,
        params.update_proof,
        proofs,
        Commitments {
            comm_r_old: params.comm_r_old,
            comm_r_new: params.comm_r_new,
            comm_d_new: params.comm_d_new,
        },
    )
}

fn snark(
    context: &RunContext,
    update_proof: UpdateProof,
    proofs: Vec<PartitionProofBytes>,
    commitments: Commitments,
) -> Outcome<ProofAnswer> {
    context.step("prove");
    let proof = context.computing(true, || {
        update::generate_empty_sector_update_proof_with_vanilla(
            update_proof.0,
            proofs,
            commitments.comm_r_old.0,
            commitments.comm_r_new.0,
            commitments.comm_d_new.0,
        )
        .map_err(|error| from_library(About::Parameters, &error))
    })?;
    context.fault(Step::Computed)?;
    context.step("verify");
    if !check(update_proof, &proof.0, commitments)?.valid {
        return Err(SealError::new(
            Code::ProofInvalid,
            "the proof that was made does not verify",
        ));
    }
    Ok(ProofAnswer {
        proof: HexBytes(proof.0),
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyParams {
    update_proof: UpdateProof,
    comm_r_old: Bytes32,
    comm_r_new: Bytes32,
    comm_d_new: Bytes32,
    proof: HexBytes,
}

pub fn verify(_context: &RunContext, params: VerifyParams) -> Outcome<Verdict> {
    check(
        params.update_proof,
        &params.proof.0,
        Commitments {
            comm_r_old: params.comm_r_old,
            comm_r_new: params.comm_r_new,
            comm_d_new: params.comm_d_new,
        },
    )
}

fn check(update_proof: UpdateProof, proof: &[u8], commitments: Commitments) -> Outcome<Verdict> {
    judge(Form::Groth16, proof, || {
        update::verify_empty_sector_update_proof(
            update_proof.0,
            proof,
            commitments.comm_r_old.0,
            commitments.comm_r_new.0,
            commitments.comm_d_new.0,
        )
    })
}
