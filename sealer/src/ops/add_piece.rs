//! `add-piece`: writes a sector's staged data. Committed capacity is a sparse file of zeros.

use std::fs;
use std::io::{Seek, SeekFrom};
use std::path::PathBuf;

use filecoin_proofs_api::{seal, UnpaddedBytesAmount};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::disk;
use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files;
use crate::ops::piece_source::{Source, SourceRef};
use crate::run::RunContext;
use crate::sector::commitments::zero_piece;
use crate::sector::directory::{SectorDirectory, SectorRef};
use crate::sector::pieces::{self, padded_to_payload, Piece};
use crate::values::{AbsPath, Bytes32};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    sector: SectorRef,
    pieces: Vec<PieceParams>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PieceParams {
    path: AbsPath,
    #[serde(default)]
    offset: u64,
    size: Option<u64>,
    padded_size: Option<u64>,
    /// The commitment the bytes must have.
    comm_p: Option<Bytes32>,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub comm_d: Bytes32,
    pub pieces: Vec<PlacedPiece>,
    pub unsealed: UnsealedFile,
}

#[derive(Debug, Serialize)]
pub struct PlacedPiece {
    pub padded_size: u64,
    pub comm_p: Bytes32,
    /// Padded bytes from the sector's start.
    pub offset: u64,
    /// Payload bytes; 0 for zero fill.
    pub size: u64,
    pub zero: bool,
}

#[derive(Debug, Serialize)]
pub struct UnsealedFile {
    pub path: PathBuf,
    pub size: u64,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let proof = params.sector.proof;
    let sector_size = proof.sector_size();
    let sources = params
        .pieces
        .iter()
        .map(|piece| {
            let source = SourceRef {
                path: piece.path.clone(),
                offset: piece.offset,
                size: piece.size,
                padded_size: piece.padded_size,
            };
            Ok((source.check()?, piece.comm_p))
        })
        .collect::<Outcome<Vec<_>>>()?;
    let places = place(&sources, sector_size)?;
    let directory = SectorDirectory::open(&params.sector, context)?;
    if !sources.is_empty() {
        disk::require_space(directory.path(), sector_size)?;
    }

    context.step("write");
    let path = directory.unsealed();
    let temporary = files::temporary_beside(&path);
    let written = write(context, &params.sector, &temporary, sector_size, &places);
    let placed = match written {
        Ok(placed) => placed,
        Err(error) => {
            let _ = fs::remove_file(&temporary);
            return Err(error);
        }
    };
    context.fault(Step::Computed)?;
    files::publish(&temporary, &path)?;
    context.fault(Step::Marked)?;

    let complete: Vec<Piece> = placed
        .iter()
        .map(|piece| Piece {
            padded_size: piece.padded_size,
            comm_p: piece.comm_p,
        })
        .collect();
    Ok(Answer {
        comm_d: pieces::comm_d(proof, &complete)?,
        pieces: placed,
        unsealed: UnsealedFile {
            path,
            size: sector_size,
        },
    })
}

enum Place<'a> {
    Zero {
        padded_size: u64,
        offset: u64,
    },
    Data {
        source: &'a Source,
        comm_p: Option<Bytes32>,
        offset: u64,
    },
}

/// Lays the pieces out in order, each at the next multiple of its padded size.
fn place(sources: &[(Source, Option<Bytes32>)], sector_size: u64) -> Outcome<Vec<Place<'_>>> {
    let mut places = Vec::new();
    let mut end = 0;
    let fill = |places: &mut Vec<Place<'_>>, sizes: Vec<u64>, mut offset: u64| {
        for padded_size in sizes {
            places.push(Place::Zero {
                padded_size,
                offset,
            });
            offset += padded_size;
        }
    };
    for (source, comm_p) in sources {
        let (start, zeros) = pieces::align(end, source.padded_size);
        fill(&mut places, zeros, end);
        end = start + source.padded_size;
        if end > sector_size {
            return Err(SealError::bad_request(format!(
                "the pieces need {end} bytes, the sector has {sector_size}"
            )));
        }
        places.push(Place::Data {
            source,
            comm_p: *comm_p,
            offset: start,
        });
    }
    fill(&mut places, pieces::zero_fill(end, sector_size), end);
    Ok(places)
}

fn write(
    context: &RunContext,
    sector: &SectorRef,
    path: &std::path::Path,
    sector_size: u64,
    places: &[Place<'_>],
) -> Outcome<Vec<PlacedPiece>> {
    let mut file = disk::create_sparse(path, sector_size)?;
    let has_data = places
        .iter()
        .any(|place| matches!(place, Place::Data { .. }));
    if has_data {
        // The library does not see a failed write of its last buffer: a disk that fills up
        // must be noticed before.
        disk::allocate(path, sector_size)?;
    }
    let mut placed = Vec::new();
    for place in places {
        placed.push(match place {
            Place::Zero {
                padded_size,
                offset,
            } => PlacedPiece {
                padded_size: *padded_size,
                comm_p: zero_piece(*padded_size),
                offset: *offset,
                size: 0,
                zero: true,
            },
            Place::Data {
                source,
                comm_p,
                offset,
            } => {
                file.seek(SeekFrom::Start(*offset))
                    .map_err(|error| SealError::io(path, &error))?;
                let (info, _) = source.consume(context, |bytes| {
                    seal::write_and_preprocess(
                        sector.proof.0,
                        bytes,
                        &mut file,
                        UnpaddedBytesAmount(padded_to_payload(source.padded_size)),
                    )
                    .map_err(|error| from_library(About::Sector, &error))
                })?;
                let actual = Bytes32(info.commitment);
                if comm_p.is_some_and(|expected| expected != actual) {
                    return Err(SealError::new(
                        Code::DataMismatch,
                        format!("the piece at {offset} has CommP {actual:?}, {comm_p:?} expected"),
                    )
                    .with(json!({ "offset": offset, "expected": comm_p, "actual": actual })));
                }
                PlacedPiece {
                    padded_size: source.padded_size,
                    comm_p: actual,
                    offset: *offset,
                    size: source.size,
                    zero: false,
                }
            }
        });
    }
    Ok(placed)
}
