//! `clear-cache`: removes what proving storage does not need. Without synthetic proofs commit 1
//! cannot be repeated afterwards; when that is safe is the caller's decision.

use std::path::Path;

use filecoin_proofs_api::seal;
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files;
use crate::run::RunContext;
use crate::sector::directory::{SectorDirectory, SectorRef};
use crate::sector::markers::{Fresh, Marker, Sealed, Updated};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    sector: SectorRef,
    #[serde(default)]
    synthetic_proofs: bool,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    /// Bytes of disk blocks.
    pub freed: u64,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let directory = SectorDirectory::open(&params.sector, context)?;
    let cache = directory.cache();
    let update_cache = directory.update_cache();
    let sealed = Sealed::read(&cache).is_some();
    let updated = Updated::read(&update_cache).is_some();
    if !sealed && !updated {
        return Err(SealError::new(
            Code::NotSealed,
            format!("{}: pre-commit 2 has not finished", cache.display()),
        ));
    }
    let mut freed = 0;
    context.fault(Step::Touched)?;
    if sealed {
        Fresh::remove(&cache)?;
        freed += clear(&cache, params.synthetic_proofs)?;
    }
    if updated {
        freed += clear(&update_cache, false)?;
    }
    context.fault(Step::Computed)?;
    Ok(Answer { freed })
}

fn clear(cache: &Path, synthetic_proofs: bool) -> Outcome<u64> {
    let before = disk::disk_usage(cache);
    let cleared = seal::clear_cache(cache).and_then(|()| {
        if synthetic_proofs {
            seal::clear_synthetic_proofs(cache)
        } else {
            Ok(())
        }
    });
    cleared.map_err(|error| from_library(About::Sector, &error))?;
    files::sync_directory(cache).map_err(|error| SealError::io(cache, &error))?;
    Ok(before.saturating_sub(disk::disk_usage(cache)))
}
