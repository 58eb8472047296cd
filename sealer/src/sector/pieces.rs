//! Pieces in a sector: each at the next multiple of its own padded size, zeros between and after.

use filecoin_proofs_api::{seal, PaddedBytesAmount, PieceInfo, UnpaddedBytesAmount};
use serde::{Deserialize, Serialize};

use crate::error::{from_library, About, Outcome, SealError};
use crate::sector::commitments::zero_piece;
use crate::values::{Bytes32, SealProof};

/// The smallest piece, padded: four nodes of 32 bytes.
pub const MINIMUM_PADDED: u64 = 128;

/// A piece of a sector, sizes padded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Piece {
    pub padded_size: u64,
    pub comm_p: Bytes32,
}

impl Piece {
    pub fn is_zero(&self) -> bool {
        self.comm_p == zero_piece(self.padded_size)
    }
}

pub fn padded_to_payload(padded: u64) -> u64 {
    padded / 128 * 127
}

/// The least padded piece size that holds `payload` bytes.
pub fn least_padded(payload: u64) -> u64 {
    let mut padded = MINIMUM_PADDED;
    while padded_to_payload(padded) < payload {
        padded *= 2;
    }
    padded
}

pub fn require_padded_size(padded: u64) -> Outcome<()> {
    if !padded.is_power_of_two() || padded < MINIMUM_PADDED {
        return Err(SealError::bad_request(format!(
            "a padded piece size is a power of two and at least {MINIMUM_PADDED}, not {padded}"
        )));
    }
    Ok(())
}

/// Where something of `padded` bytes goes after `end`, and the zero pieces before it.
pub fn align(end: u64, padded: u64) -> (u64, Vec<u64>) {
    let start = end.next_multiple_of(padded);
    (start, zero_fill(end, start))
}

/// Sizes of the zero pieces that fill `start..end`, each aligned to its own size.
pub fn zero_fill(start: u64, end: u64) -> Vec<u64> {
    let mut sizes = Vec::new();
    let mut at = start;
    while at < end {
        let by_alignment = if at == 0 {
            u64::MAX
        } else {
            at & at.wrapping_neg()
        };
        let by_room = 1 << (63 - (end - at).leading_zeros());
        let size = by_alignment.min(by_room);
        sizes.push(size);
        at += size;
    }
    sizes
}

/// The complete list: zero pieces added wherever alignment or the sector's end asks for them.
pub fn complete(pieces: &[Piece], sector_size: u64) -> Outcome<Vec<Piece>> {
    let zero = |padded_size| Piece {
        padded_size,
        comm_p: zero_piece(padded_size),
    };
    let mut all = Vec::new();
    let mut end = 0;
    for piece in pieces {
        require_padded_size(piece.padded_size)?;
        let (start, fill) = align(end, piece.padded_size);
        all.extend(fill.into_iter().map(zero));
        all.push(piece.clone());
        end = start + piece.padded_size;
        if end > sector_size {
            return Err(SealError::bad_request(format!(
                "the pieces need {end} bytes, the sector has {sector_size}"
            )));
        }
    }
    all.extend(zero_fill(end, sector_size).into_iter().map(zero));
    Ok(all)
}

pub fn to_library(pieces: &[Piece]) -> Vec<PieceInfo> {
    pieces
        .iter()
        .map(|piece| PieceInfo {
            commitment: piece.comm_p.0,
            size: UnpaddedBytesAmount::from(PaddedBytesAmount(piece.padded_size)),
        })
        .collect()
}

/// CommD of a complete list of pieces.
pub fn comm_d(proof: SealProof, complete: &[Piece]) -> Outcome<Bytes32> {
    seal::compute_comm_d(proof.0, &to_library(complete))
        .map(Bytes32)
        .map_err(|error| from_library(About::Sector, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_fill_is_aligned_and_complete() {
        assert_eq!(zero_fill(0, 2048), vec![2048]);
        assert_eq!(zero_fill(128, 2048), vec![128, 256, 512, 1024]);
        assert_eq!(zero_fill(1024, 2048), vec![1024]);
        assert_eq!(zero_fill(2048, 2048), Vec::<u64>::new());
        assert_eq!(zero_fill(0, 384), vec![256, 128]);
    }

    #[test]
    fn least_padded_sizes() {
        for (payload, padded) in [(0, 128), (1, 128), (127, 128), (128, 256), (1016, 1024)] {
            assert_eq!(least_padded(payload), padded, "{payload}");
        }
    }

    #[test]
    fn pieces_are_aligned_to_their_own_size() {
        let piece = |padded_size| Piece {
            padded_size,
            comm_p: Bytes32([1; 32]),
        };
        let sizes = |pieces: &[Piece]| {
            complete(pieces, 2048)
                .unwrap()
                .iter()
                .map(|piece| (piece.padded_size, piece.is_zero()))
                .collect::<Vec<_>>()
        };
        assert_eq!(sizes(&[]), vec![(2048, true)]);
        assert_eq!(
            sizes(&[piece(128), piece(1024)]),
            vec![
                (128, false),
                (128, true),
                (256, true),
                (512, true),
                (1024, false)
            ]
        );
        assert!(complete(&[piece(2048), piece(128)], 2048).is_err());
        assert!(complete(&[piece(100)], 2048).is_err());
    }

    #[test]
    fn comm_d_of_nothing_is_that_of_zeros() {
        let proof = SealProof::from_number(5).unwrap();
        let pieces = complete(&[], 2048).unwrap();
        assert_eq!(comm_d(proof, &pieces).unwrap(), zero_piece(2048));
    }
}
