//! `update-encode`: the new replica from the sector key and the staged data.

use filecoin_proofs_api::update;
use serde::Deserialize;

use crate::disk;
use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files;
use crate::ops::update::types::{KeyRef, SectorKey, UpdateProof};
use crate::run::RunContext;
use crate::sector::commitments::require_comm_r;
use crate::sector::directory::{SectorDirectory, SectorRef};
use crate::sector::markers::{Marker, Updated};
use crate::sector::pieces::{self, Piece};
use crate::values::Bytes32;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    sector: SectorRef,
    update_proof: UpdateProof,
    key: Option<KeyRef>,
    pieces: Vec<Piece>,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Updated> {
    let Params {
        sector,
        update_proof,
        key,
        pieces,
    } = params;
    let size = update_proof.sector_size();
    if size != sector.proof.sector_size() {
        return Err(SealError::bad_request(
            "the seal proof and the update proof are of different sector sizes",
        ));
    }
    let pieces = pieces::complete(&pieces, size)?;
    let comm_d = pieces::comm_d(sector.proof, &pieces)?;
    let directory = SectorDirectory::open(&sector, context)?;
    let key = SectorKey::of(key.as_ref(), &directory, update_proof)?;
    let unsealed = directory.unsealed();
    files::require_size(&unsealed, size)?;
    // Replica, tree D and what is kept of tree R.
    disk::require_space(directory.path(), size * 3 + size / 8)?;
    if context.require_gpu {
        crate::gpu::require()?;
    }

    let (update, cache) = (directory.update(), directory.update_cache());
    Updated::remove(&cache)?;
    context.fault(Step::Touched)?;
    files::empty_directory(&cache)?;
    disk::create_sparse(&update, size)?;
    disk::allocate(&update, size)?;
    context.step("encode");
    let encoded = context.computing(false, || {
        update::empty_sector_update_encode_into(
            update_proof.0,
            &update,
            &cache,
            &key.sealed,
            &key.cache,
            &unsealed,
            &pieces::to_library(&pieces),
        )
        .map_err(|error| data_error(&error))
    })?;
    context.fault(Step::Computed)?;
    if encoded.comm_d_new != comm_d.0 {
        return Err(data_mismatch());
    }

    context.step("sync");
    files::sync_file(&update)?;
    let marker = Updated {
        comm_r_old: key.comm_r,
        comm_r_new: Bytes32(encoded.comm_r_new),
        comm_r_last_new: Bytes32(encoded.comm_r_last_new),
        comm_d_new: comm_d,
    };
    require_comm_r(&cache, marker.comm_r_new)?;
    marker.write(&cache)?;
    context.fault(Step::Marked)?;
    Ok(marker)
}

fn data_mismatch() -> SealError {
    SealError::new(
        Code::DataMismatch,
        "the staged data does not have the commitment of its pieces",
    )
}

fn data_error(error: &anyhow::Error) -> SealError {
    if error.to_string().contains("pieces and comm_d do not match") {
        return data_mismatch();
    }
    from_library(About::Sector, error)
}
