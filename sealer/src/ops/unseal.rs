//! `unseal`: gets data back from a replica.
//!
//! The library writes label layers into the cache directory it is given, over the real tree D;
//! here it always gets a new scratch directory. With a wrong ticket, sector or CommD it returns
//! success and rubbish, so what can be checked is checked.

use std::fs::{self, File, OpenOptions};
use std::path::Path;

use filecoin_proofs_api::{seal, UnpaddedByteIndex, UnpaddedBytesAmount};
use serde::Deserialize;
use serde_json::json;

use crate::disk;
use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files::{self, WrittenFile};
use crate::ops::piece_commitment;
use crate::ops::piece_source::SourceRef;
use crate::run::RunContext;
use crate::scratch::Scratch;
use crate::sector::pieces::{least_padded, padded_to_payload};
use crate::values::{sector_id, AbsPath, Bytes32, Miner, SealProof};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    miner: Miner,
    number: u64,
    proof: SealProof,
    sealed: AbsPath,
    ticket: Bytes32,
    comm_d: Bytes32,
    /// Payload bytes.
    #[serde(default)]
    offset: u64,
    size: Option<u64>,
    comm_p: Option<Bytes32>,
    padded_size: Option<u64>,
    out: AbsPath,
    scratch: AbsPath,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<WrittenFile> {
    let sector_payload = padded_to_payload(params.proof.sector_size());
    let size = params
        .size
        .unwrap_or_else(|| sector_payload.saturating_sub(params.offset));
    let in_range = params
        .offset
        .checked_add(size)
        .is_some_and(|end| end <= sector_payload);
    if size == 0 || !in_range {
        return Err(SealError::bad_request(format!(
            "{size} bytes at {} do not lie in a sector of {sector_payload}",
            params.offset
        )));
    }
    let sealed = params.sealed.as_path();
    files::require_size(sealed, params.proof.sector_size())?;
    let scratch = Scratch::create(params.scratch.as_path(), "unseal")?;
    // Labels take as much as the sector, with multicore labelling once a layer.
    disk::require_space(scratch.path(), params.proof.sector_size() * 2)?;

    context.step("unseal");
    let output = files::temporary_beside(params.out.as_path());
    let unsealed = unseal(&params, sealed, size, scratch.path(), &output)
        .and_then(|()| context.fault(Step::Computed))
        .and_then(|()| {
            context.step("check");
            check(context, &params, size, sector_payload, &output)
        })
        .and_then(|()| files::sha256_of(&output))
        .and_then(|digest| files::publish(&output, params.out.as_path()).map(|()| digest));
    match unsealed {
        Ok((size, sha256)) => Ok(WrittenFile {
            path: params.out.0,
            size,
            sha256,
        }),
        Err(error) => {
            let _ = fs::remove_file(&output);
            Err(error)
        }
    }
}

fn unseal(params: &Params, sealed: &Path, size: u64, scratch: &Path, output: &Path) -> Outcome<()> {
    let file = File::create(output).map_err(|error| SealError::io(output, &error))?;
    let prover_id = params.miner.prover_id();
    let sector = sector_id(params.number);
    let offset = UnpaddedByteIndex(params.offset);
    let amount = UnpaddedBytesAmount(size);
    let (proof, comm_d, ticket) = (params.proof.0, params.comm_d.0, params.ticket.0);
    let cache = scratch.to_path_buf();
    let written = if is_writable(sealed) {
        seal::get_unsealed_range_mapped(
            proof,
            cache,
            sealed.to_path_buf(),
            file,
            prover_id,
            sector,
            comm_d,
            ticket,
            offset,
            amount,
        )
    } else {
        // The mapping call opens the replica for writing, though it never writes: a read-only
        // mount needs the call that reads it whole.
        File::open(sealed)
            .map_err(anyhow::Error::from)
            .and_then(|replica| {
                seal::unseal_range(
                    proof, cache, replica, file, prover_id, sector, comm_d, ticket, offset, amount,
                )
            })
    }
    .map_err(|error| from_library(About::Sector, &error))?;
    if u64::from(written) != size {
        return Err(SealError::wrong_size(output, size, u64::from(written)));
    }
    Ok(())
}

fn is_writable(path: &Path) -> bool {
    OpenOptions::new().read(true).write(true).open(path).is_ok()
}

/// The bytes must have the piece's commitment, where it is given; a whole sector has CommD.
fn check(
    context: &RunContext,
    params: &Params,
    size: u64,
    sector_payload: u64,
    output: &Path,
) -> Outcome<()> {
    files::require_size(output, size)?;
    let whole =
        (size == sector_payload).then_some((params.comm_d, Some(params.proof.sector_size())));
    let piece = params.comm_p.map(|comm_p| {
        (
            comm_p,
            Some(params.padded_size.unwrap_or_else(|| least_padded(size))),
        )
    });
    for (expected, padded_size) in whole.into_iter().chain(piece) {
        let actual = piece_commitment::run(
            context,
            SourceRef {
                path: AbsPath(output.to_path_buf()),
                offset: 0,
                size: None,
                padded_size,
            },
        )?
        .comm_p;
        if actual != expected {
            return Err(SealError::new(
                Code::DataMismatch,
                format!("the unsealed bytes have commitment {actual:?}, {expected:?} expected"),
            )
            .with(json!({ "expected": expected, "actual": actual })));
        }
    }
    Ok(())
}
