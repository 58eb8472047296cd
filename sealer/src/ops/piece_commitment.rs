//! `piece-commitment`: CommP of a file or a part of it.

use filecoin_proofs_api::{seal, RegisteredSealProof, UnpaddedBytesAmount};
use serde::Serialize;

use crate::error::{from_library, About, Outcome};
use crate::fault::Step;
use crate::ops::piece_source::SourceRef;
use crate::run::RunContext;
use crate::sector::pieces::padded_to_payload;
use crate::values::Bytes32;

pub type Params = SourceRef;

#[derive(Debug, Serialize)]
pub struct Answer {
    pub comm_p: Bytes32,
    pub padded_size: u64,
    /// Payload bytes.
    pub size: u64,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let source = params.check()?;
    context.step("read");
    let info = source.consume(context, |bytes| {
        seal::generate_piece_commitment(
            // The commitment is the same for every seal proof type.
            RegisteredSealProof::StackedDrg32GiBV1_1,
            bytes,
            UnpaddedBytesAmount(padded_to_payload(source.padded_size)),
        )
        .map_err(|error| from_library(About::Sector, &error))
    })?;
    context.fault(Step::Computed)?;
    Ok(Answer {
        comm_p: Bytes32(info.commitment),
        padded_size: source.padded_size,
        size: source.size,
    })
}
