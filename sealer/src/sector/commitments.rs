//! Commitments that can be computed or checked without proofs.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use filecoin_hashers::poseidon::{PoseidonDomain, PoseidonHasher};
use filecoin_hashers::{Domain, HashFunction, Hasher};
use sha2::{Digest, Sha256};

use crate::error::{Code, Outcome, SealError};
use crate::values::Bytes32;

/// Commitment of `padded_size` zero bytes: a binary tree of SHA-256 cut to 254 bits.
/// (The library hashes the zeros themselves: minutes for a 32 GiB sector.)
pub fn zero_piece(padded_size: u64) -> Bytes32 {
    let mut node = [0u8; 32];
    let mut size = 32;
    while size < padded_size {
        node = parent_of(&node, &node);
        size *= 2;
    }
    Bytes32(node)
}

/// Commitment of fr32-padded bytes: the root of their binary tree. `bytes` must hold a power of
/// two of nodes of 32 bytes.
pub fn of_padded(mut bytes: impl Read) -> io::Result<Bytes32> {
    // Roots of complete subtrees, biggest first, each with its height.
    let mut roots: Vec<(u32, [u8; 32])> = Vec::new();
    let mut node = [0u8; 32];
    loop {
        match bytes.read_exact(&mut node) {
            Ok(()) => roots.push((0, node)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(error) => return Err(error),
        }
        while let [.., (left_height, left), (height, right)] = roots.as_slice() {
            if left_height != height {
                break;
            }
            let parent = (height + 1, parent_of(left, right));
            roots.truncate(roots.len() - 2);
            roots.push(parent);
        }
    }
    match roots.as_slice() {
        [(_, root)] => Ok(Bytes32(*root)),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a power of two of nodes",
        )),
    }
}

fn parent_of(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(left);
    hasher.update(right);
    let mut node: [u8; 32] = hasher.finalize().into();
    node[31] &= 0b0011_1111;
    node
}

/// CommR = Poseidon(CommC, CommRLast), both read from a cache's `p_aux`.
pub fn comm_r_of_cache(cache: &Path) -> Outcome<Bytes32> {
    let path = cache.join("p_aux");
    let bytes = fs::read(&path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            SealError::new(Code::CacheCorrupt, format!("{} is missing", path.display()))
        }
        _ => SealError::io(&path, &error),
    })?;
    let corrupt =
        |why: &str| SealError::new(Code::CacheCorrupt, format!("{}: {why}", path.display()));
    if bytes.len() != 64 {
        return Err(corrupt("expected 64 bytes"));
    }
    let domain = |part: &[u8]| {
        PoseidonDomain::try_from_bytes(part).map_err(|_| corrupt("not below the field's modulus"))
    };
    let comm_r =
        <PoseidonHasher as Hasher>::Function::hash2(&domain(&bytes[..32])?, &domain(&bytes[32..])?);
    Ok(Bytes32(
        comm_r
            .into_bytes()
            .try_into()
            .map_err(|_| corrupt("its commitment has not 32 bytes"))?,
    ))
}

/// The cache must belong to the replica with this CommR.
pub fn require_comm_r(cache: &Path, comm_r: Bytes32) -> Outcome<()> {
    let actual = comm_r_of_cache(cache)?;
    if actual != comm_r {
        return Err(SealError::stale_key(
            "comm_r",
            format!(
                "{} belongs to CommR {actual:?}, not {comm_r:?}",
                cache.join("p_aux").display()
            ),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use filecoin_proofs_api::{seal, RegisteredSealProof, UnpaddedBytesAmount};

    #[test]
    fn zero_pieces_match_the_library() {
        for padded in [128u64, 1024, 2048, 1 << 20] {
            let zeros = vec![0u8; (padded / 128 * 127) as usize];
            let info = seal::generate_piece_commitment(
                RegisteredSealProof::StackedDrg8MiBV1_1,
                zeros.as_slice(),
                UnpaddedBytesAmount(padded / 128 * 127),
            )
            .unwrap();
            assert_eq!(zero_piece(padded).0, info.commitment);
        }
    }
    #[test]
    fn a_padded_commitment_needs_a_whole_tree() {
        assert_eq!(of_padded([0u8; 1024].as_slice()).unwrap(), zero_piece(1024));
        assert!(of_padded([0u8; 96].as_slice()).is_err());
        assert!(of_padded([].as_slice()).is_err());
    }
}
