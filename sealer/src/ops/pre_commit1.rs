//! `pre-commit-1`: copies the data to the replica and labels the graph.
//!
//! The library reuses label layers by file size alone, so the cache is wiped when it belongs to
//! another key. Layers of the same key are reused: a killed PC1 resumes by layer.

use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use filecoin_proofs_api::seal;
use serde::{Deserialize, Serialize};

use crate::disk;
use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files;
use crate::lock::guard;
use crate::run::RunContext;
use crate::sector::directory::{SectorDirectory, SectorRef};
use crate::sector::key::CacheKey;
use crate::sector::markers::{Fresh, Marker, Sealed};
use crate::sector::pieces::{self, Piece};
use crate::values::{sector_id, Bytes32, SealProof};
use crate::watch::while_watching;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    sector: SectorRef,
    ticket: Bytes32,
    pieces: Vec<Piece>,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub comm_d: Bytes32,
    pub layers: u64,
    pub reused_layers: u64,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let Params {
        sector,
        ticket,
        pieces,
    } = params;
    let proof = sector.proof;
    if !proof.can_seal() {
        return Err(SealError::bad_request(format!(
            "seal proof {} is no longer accepted for new sectors",
            proof.number()
        )));
    }
    let sector_size = proof.sector_size();
    let pieces = pieces::complete(&pieces, sector_size)?;
    let all_zero = pieces.iter().all(Piece::is_zero);
    let key = CacheKey {
        miner: sector.miner,
        number: sector.number,
        proof,
        ticket,
        comm_d: pieces::comm_d(proof, &pieces)?,
        pieces,
    };

    let directory = SectorDirectory::open(&sector, context)?;
    let (sealed, cache) = (directory.sealed(), directory.cache());
    if !all_zero {
        files::require_size(&directory.unsealed(), sector_size)?;
    }
    require_space(&directory, &key)?;

    prepare(&directory, &key)?;
    context.fault(Step::Touched)?;
    let reused_layers = finished_layers(&cache, proof);
    if reused_layers == 0 {
        // Tree D comes before the first layer: without one a killed run may have left it
        // half-written, and the library takes a tree that is there for a finished one.
        files::remove_durably(&cache.join("sc-02-data-tree-d.dat"))?;
    }
    disk::create_sparse(&sealed, sector_size)?;
    // A disk that is full is to be noticed here: later the library writes through a memory map.
    disk::allocate(&sealed, sector_size)?;

    context.step("layers");
    let source = if all_zero {
        Path::new("/dev/zero").to_path_buf()
    } else {
        directory.unsealed()
    };
    let synced = Mutex::new(0);
    let output = while_watching(
        Duration::from_secs(1),
        || watch_layers(context, &cache, proof, &synced),
        || {
            seal::seal_pre_commit_phase1(
                proof.0,
                &cache,
                &source,
                &sealed,
                sector.miner.prover_id(),
                sector_id(sector.number),
                ticket.0,
                &pieces::to_library(&key.pieces),
            )
        },
    )
    .map_err(|error| data_error(&error))?;
    if output.comm_d != key.comm_d.0 {
        return Err(data_mismatch());
    }
    context.fault(Step::Computed)?;

    context.step("sync");
    watch_layers(context, &cache, proof, &synced);
    if finished_layers(&cache, proof) != layers(proof) {
        return Err(SealError::new(
            Code::CacheCorrupt,
            "pre-commit 1 left no complete set of layers",
        ));
    }
    files::sync_file(&sealed)?;
    files::sync_file(&cache.join("sc-02-data-tree-d.dat"))?;
    Fresh {
        key: key.digest(),
        pc1: output,
    }
    .write(&cache)?;
    context.fault(Step::Marked)?;
    Ok(Answer {
        comm_d: key.comm_d,
        layers: layers(proof),
        reused_layers,
    })
}

/// Drops what vouches for the replica, then what belongs to another key.
fn prepare(directory: &SectorDirectory, key: &CacheKey) -> Outcome<()> {
    let cache = directory.cache();
    let belongs = CacheKey::read(&cache).is_some_and(|old| old.difference(key).is_none());
    if belongs {
        Fresh::remove(&cache)?;
        Sealed::remove(&cache)?;
    } else {
        log::info!("{}: cache of another key is wiped", cache.display());
        files::empty_directory(&cache)?;
    }
    files::remove_durably(&directory.c1())?;
    for name in ["p_aux", "t_aux"] {
        files::remove_durably(&cache.join(name))?;
    }
    key.write(&cache)
}

/// Replica, tree D and label layers, less what is already there.
fn require_space(directory: &SectorDirectory, key: &CacheKey) -> Outcome<()> {
    let size = key.proof.sector_size();
    let needed = size + 2 * size + layers(key.proof) * size;
    let present = disk::disk_usage(&directory.cache())
        + fs::metadata(directory.sealed()).map_or(0, |file| file.len());
    disk::require_space(directory.path(), needed.saturating_sub(present))
}

/// Number of label layers (Filecoin's SDR parameters).
pub fn layers(proof: SealProof) -> u64 {
    if proof.sector_size() >= 32 << 30 {
        11
    } else {
        2
    }
}

fn layer_path(cache: &Path, layer: u64) -> std::path::PathBuf {
    cache.join(format!("sc-02-data-layer-{layer}.dat"))
}

/// Layers that are there in full; the library writes each under another name first.
pub fn finished_layers(cache: &Path, proof: SealProof) -> u64 {
    (1..=layers(proof))
        .take_while(|layer| {
            fs::metadata(layer_path(cache, *layer))
                .is_ok_and(|file| file.len() == proof.sector_size())
        })
        .count() as u64
}

/// Reports finished layers and makes each durable: after a power loss a layer of the right size
/// with lost pages would be reused.
fn watch_layers(context: &RunContext, cache: &Path, proof: SealProof, synced: &Mutex<u64>) {
    let finished = finished_layers(cache, proof);
    let mut synced = guard(synced);
    while *synced < finished {
        let path = layer_path(cache, *synced + 1);
        if let Err(error) = files::sync_file(&path) {
            log::warn!("{error}");
            return;
        }
        *synced += 1;
    }
    context.advance("layers", finished, layers(proof));
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
