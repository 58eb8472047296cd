//! `update-decode` and `update-decode-range`: data back from an updated replica. The library
//! returns success and rubbish for a wrong CommR or key, so inputs are checked before and the
//! data after.

use std::fs::{self, File};
use std::io::{BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use filecoin_proofs_api::update;
use serde::Deserialize;
use serde_json::json;

use crate::disk;
use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files::{self, WrittenFile};
use crate::ops::update::types::{KeyRef, UpdateProof};
use crate::run::RunContext;
use crate::sector::commitments::{of_padded, require_comm_r};
use crate::sector::pieces::require_padded_size;
use crate::values::{AbsPath, Bytes32, SectorPath};

const NODE: u64 = 32;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    update_proof: UpdateProof,
    key: KeyRef,
    replica: AbsPath,
    comm_d_new: Bytes32,
    out: AbsPath,
}

pub fn whole(context: &RunContext, params: Params) -> Outcome<WrittenFile> {
    let size = params.update_proof.sector_size();
    let key = params.key.check(params.update_proof)?;
    files::require_size(params.replica.as_path(), size)?;
    write_checked(context, &params.out, Some(params.comm_d_new), |output| {
        disk::create_sparse(output, size)?;
        disk::allocate(output, size)?;
        update::empty_sector_update_decode_from(
            params.update_proof.0,
            output,
            params.replica.as_path(),
            &key.sealed,
            &key.cache,
            params.comm_d_new.0,
        )
        .map_err(|error| from_library(About::Sector, &error))
    })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RangeParams {
    update_proof: UpdateProof,
    key: KeyRef,
    replica: AbsPath,
    replica_cache: SectorPath,
    comm_r_new: Bytes32,
    comm_d_new: Bytes32,
    /// Padded bytes.
    offset: u64,
    size: u64,
    comm_p: Option<Bytes32>,
    out: AbsPath,
}

pub fn range(context: &RunContext, params: RangeParams) -> Outcome<WrittenFile> {
    let sector_size = params.update_proof.sector_size();
    let (offset, size) = (params.offset, params.size);
    let in_range = offset
        .checked_add(size)
        .is_some_and(|end| end <= sector_size);
    if size == 0 || offset % NODE != 0 || size % NODE != 0 || !in_range {
        return Err(SealError::bad_request(format!(
            "offset and size are multiples of {NODE} within {sector_size} bytes"
        )));
    }
    if params.comm_p.is_some() {
        require_padded_size(size)?;
    }
    // The one CommR the library asks for is the key's: the old one.
    let key = params.key.check(params.update_proof)?;
    require_comm_r(params.replica_cache.as_path(), params.comm_r_new)?;
    files::require_size(params.replica.as_path(), sector_size)?;
    write_checked(context, &params.out, params.comm_p, |output| {
        let file = File::create(output).map_err(|error| SealError::io(output, &error))?;
        let mut writer = BufWriter::new(file);
        update::empty_sector_update_decode_from_range(
            params.update_proof.0,
            params.comm_d_new.0,
            key.comm_r.0,
            section(params.replica.as_path(), offset, size)?,
            section(&key.sealed, offset, size)?,
            &mut writer,
            (offset / NODE) as usize,
            (size / NODE) as usize,
        )
        .map_err(|error| from_library(About::Sector, &error))?;
        writer
            .flush()
            .map_err(|error| SealError::io(output, &error))?;
        files::require_size(output, size)
    })
}

fn section(path: &Path, offset: u64, size: u64) -> Outcome<impl Read> {
    let fail = |error: std::io::Error| SealError::io(path, &error);
    let mut file = File::open(path).map_err(fail)?;
    file.seek(SeekFrom::Start(offset)).map_err(fail)?;
    Ok(BufReader::new(file.take(size)))
}

/// Lets `decode` write a temporary file, checks its commitment and publishes it.
fn write_checked(
    context: &RunContext,
    out: &AbsPath,
    expected: Option<Bytes32>,
    decode: impl FnOnce(&Path) -> Outcome<()>,
) -> Outcome<WrittenFile> {
    let path = out.as_path();
    let temporary = files::temporary_beside(path);
    context.step("decode");
    let written = decode(&temporary)
        .and_then(|()| context.fault(Step::Computed))
        .and_then(|()| {
            context.step("check");
            expected.map_or(Ok(()), |expected| require_commitment(&temporary, expected))
        })
        .and_then(|()| files::sha256_of(&temporary))
        .and_then(|digest| files::publish(&temporary, path).map(|()| digest));
    match written {
        Ok((size, sha256)) => Ok(WrittenFile {
            path: path.to_path_buf(),
            size,
            sha256,
        }),
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            Err(error)
        }
    }
}

fn require_commitment(path: &Path, expected: Bytes32) -> Outcome<()> {
    let actual = File::open(path)
        .and_then(|file| of_padded(BufReader::with_capacity(1 << 20, file)))
        .map_err(|error| SealError::io(path, &error))?;
    if actual != expected {
        return Err(SealError::new(
            Code::DataMismatch,
            format!("the decoded data has commitment {actual:?}, {expected:?} expected"),
        )
        .with(json!({ "expected": expected, "actual": actual })));
    }
    Ok(())
}
