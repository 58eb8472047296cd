//! `update-remove-encoded`: the sector key back from an updated replica and its data. With the
//! update's `p_aux` in place of the key's the library returns success and a wrong key, so the
//! CommR of what it writes is recomputed.

use std::fs;
use std::path::Path;

use filecoin_proofs_api::update;
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files;
use crate::ops::update::types::UpdateProof;
use crate::run::RunContext;
use crate::sector::commitments::{comm_r_of_cache, require_comm_r};
use crate::values::{AbsPath, Bytes32, SectorPath};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    update_proof: UpdateProof,
    /// Holds the key's own (old) `p_aux` and `t_aux`.
    key_cache: SectorPath,
    comm_r_old: Bytes32,
    replica: AbsPath,
    /// The update's data, fr32-padded.
    data: AbsPath,
    comm_d_new: Bytes32,
    out_sealed: AbsPath,
    out_cache: SectorPath,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub comm_r: Bytes32,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let size = params.update_proof.sector_size();
    let (sealed, cache) = (params.out_sealed.as_path(), params.out_cache.as_path());
    require_comm_r(params.key_cache.as_path(), params.comm_r_old)?;
    files::require_size(params.replica.as_path(), size)?;
    files::require_size(params.data.as_path(), size)?;
    if cache.exists() || sealed.exists() {
        return Err(SealError::bad_request(
            "out_sealed and out_cache must not exist: a sector may be in them",
        ));
    }
    fs::create_dir_all(cache).map_err(|error| SealError::io(cache, &error))?;
    let restored = restore(context, &params, size);
    if restored.is_err() {
        let _ = fs::remove_file(sealed);
        let _ = fs::remove_dir_all(cache);
    }
    restored.map(|comm_r| Answer { comm_r })
}

fn restore(context: &RunContext, params: &Params, size: u64) -> Outcome<Bytes32> {
    let (sealed, cache): (&Path, &Path) = (params.out_sealed.as_path(), params.out_cache.as_path());
    disk::create_sparse(sealed, size)?;
    disk::allocate(sealed, size)?;
    context.step("remove");
    context.computing(true, || {
        update::empty_sector_update_remove_encoded_data(
            params.update_proof.0,
            sealed,
            cache,
            params.replica.as_path(),
            params.key_cache.as_path(),
            params.data.as_path(),
            params.comm_d_new.0,
        )
        .map_err(|error| from_library(About::Sector, &error))
    })?;
    context.fault(Step::Computed)?;
    let comm_r = comm_r_of_cache(cache)?;
    if comm_r != params.comm_r_old {
        return Err(SealError::new(
            Code::ProofInvalid,
            format!(
                "the restored key has CommR {comm_r:?}, not {:?}: the data or the replica is not the update's",
                params.comm_r_old
            ),
        ));
    }
    files::sync_file(sealed)?;
    Ok(comm_r)
}
