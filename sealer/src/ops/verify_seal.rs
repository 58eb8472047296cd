//! `verify-seal`: what the chain does with a proof of replication.

use bellperson::groth16::aggregate::AggregateProof;
use bellperson::groth16::Proof;
use blstrs::Bls12;
use filecoin_proofs_api::seal;
use serde::{Deserialize, Serialize};

use crate::error::{from_library, About, Code, Outcome};
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
    let form = if params.proof_type.is_non_interactive() {
        Form::Aggregate
    } else {
        Form::Groth16
    };
    judge(form, &params.proof.0, || {
        seal::verify_seal(
            params.proof_type.0,
            params.comm_r.0,
            params.comm_d.0,
            params.miner.prover_id(),
            sector_id(params.number),
            params.ticket.0,
            params.seed.0,
            &params.proof.0,
        )
    })
}

/// What a proof's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One Groth16 proof after the other, 192 bytes each.
    Groth16,
    /// SnarkPack.
    Aggregate,
}

impl Form {
    /// Whether the bytes are curve points at all. The library's error is the same for a bad
    /// proof and for bad parameters; after this it can only be the parameters.
    fn is_readable(self, proof: &[u8]) -> bool {
        match self {
            Form::Groth16 => {
                !proof.is_empty()
                    && proof.chunks(GROTH16_BYTES).all(|chunk| {
                        chunk.len() == GROTH16_BYTES && Proof::<Bls12>::read(chunk).is_ok()
                    })
            }
            Form::Aggregate => AggregateProof::<Bls12>::read(proof).is_ok(),
        }
    }
}

const GROTH16_BYTES: usize = 192;

/// A proof that cannot even be read is an invalid one; only what hinders the verifier itself
/// (missing or broken parameters, a full disk) is an error.
pub fn judge(
    form: Form,
    proof: &[u8],
    verify: impl FnOnce() -> anyhow::Result<bool>,
) -> Outcome<Answer> {
    if !form.is_readable(proof) {
        return Ok(Answer { valid: false });
    }
    match verify() {
        Ok(valid) => Ok(Answer { valid }),
        Err(error) => {
            let error = from_library(About::Parameters, &error);
            if error.code == Code::Library {
                log::info!("a proof is invalid: {}", error.message);
                return Ok(Answer { valid: false });
            }
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_proof_is_invalid_without_parameters() {
        let verify = || -> anyhow::Result<bool> { panic!("not to be asked") };
        for bytes in [&[][..], &[0; 191], &[0; 192], &[0xff; 384]] {
            for form in [Form::Groth16, Form::Aggregate] {
                assert!(!judge(form, bytes, verify).unwrap().valid);
            }
        }
    }
}
