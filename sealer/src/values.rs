//! Values of the protocol, checked while they are parsed.

use std::fmt;
use std::path::{Path, PathBuf};

use filecoin_proofs_api::{ProverId, RegisteredSealProof, SectorId};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// 32 bytes as 64 hexadecimal digits: a commitment, ticket, seed or randomness.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Bytes32(pub [u8; 32]);

impl fmt::Debug for Bytes32 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl Serialize for Bytes32 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes32 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = [0u8; 32];
        hex::decode_to_slice(&text, &mut bytes)
            .map_err(|_| D::Error::custom("expected 64 hexadecimal digits"))?;
        Ok(Bytes32(bytes))
    }
}

/// Any number of bytes in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text)
            .map(HexBytes)
            .map_err(|_| D::Error::custom("expected hexadecimal digits"))
    }
}

/// An absolute path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct AbsPath(pub PathBuf);

impl AbsPath {
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl<'de> Deserialize<'de> for AbsPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = PathBuf::deserialize(deserializer)?;
        if !path.is_absolute() {
            return Err(D::Error::custom(format!(
                "expected an absolute path, not {path:?}"
            )));
        }
        Ok(AbsPath(path))
    }
}

/// A path that the library may rewrite or expand as a pattern: it globs for cache files and
/// replaces every `.dat` of a path, so neither may occur in a directory's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SectorPath(pub PathBuf);

impl SectorPath {
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl<'de> Deserialize<'de> for SectorPath {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let path = AbsPath::deserialize(deserializer)?.0;
        let Some(text) = path.to_str() else {
            return Err(D::Error::custom("expected a path in UTF-8"));
        };
        if text.contains(['*', '?', '[', ']']) || text.contains(".dat") {
            return Err(D::Error::custom(format!(
                "a sector's path must hold none of * ? [ ] and .dat: {text:?}"
            )));
        }
        Ok(SectorPath(path))
    }
}

/// A seal proof type by Filecoin's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealProof(pub RegisteredSealProof);

/// Filecoin's numbering is the declaration order of the library's enum.
const SEAL_PROOFS: [RegisteredSealProof; 20] = {
    use RegisteredSealProof::*;
    [
        StackedDrg2KiBV1,
        StackedDrg8MiBV1,
        StackedDrg512MiBV1,
        StackedDrg32GiBV1,
        StackedDrg64GiBV1,
        StackedDrg2KiBV1_1,
        StackedDrg8MiBV1_1,
        StackedDrg512MiBV1_1,
        StackedDrg32GiBV1_1,
        StackedDrg64GiBV1_1,
        StackedDrg2KiBV1_1_Feat_SyntheticPoRep,
        StackedDrg8MiBV1_1_Feat_SyntheticPoRep,
        StackedDrg512MiBV1_1_Feat_SyntheticPoRep,
        StackedDrg32GiBV1_1_Feat_SyntheticPoRep,
        StackedDrg64GiBV1_1_Feat_SyntheticPoRep,
        StackedDrg2KiBV1_2_Feat_NonInteractivePoRep,
        StackedDrg8MiBV1_2_Feat_NonInteractivePoRep,
        StackedDrg512MiBV1_2_Feat_NonInteractivePoRep,
        StackedDrg32GiBV1_2_Feat_NonInteractivePoRep,
        StackedDrg64GiBV1_2_Feat_NonInteractivePoRep,
    ]
};

impl SealProof {
    pub fn number(self) -> u64 {
        SEAL_PROOFS
            .iter()
            .position(|proof| *proof == self.0)
            .map_or(u64::MAX, |index| index as u64)
    }

    pub fn from_number(number: u64) -> Option<Self> {
        SEAL_PROOFS
            .get(usize::try_from(number).ok()?)
            .copied()
            .map(SealProof)
    }

    /// Bytes of a sector, padded.
    pub fn sector_size(self) -> u64 {
        u64::from(self.0.sector_size())
    }

    pub fn is_synthetic(self) -> bool {
        (10..15).contains(&self.number())
    }

    pub fn is_non_interactive(self) -> bool {
        self.number() >= 15
    }

    /// V1 is no longer accepted for new sectors; old ones are still verified and unsealed.
    pub fn can_seal(self) -> bool {
        self.number() >= 5
    }
}

impl Serialize for SealProof {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.number())
    }
}

impl<'de> Deserialize<'de> for SealProof {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        Self::from_number(number)
            .ok_or_else(|| D::Error::custom(format!("unknown seal proof {number}")))
    }
}

/// A miner's actor id. The prover id is the payload of its id address: the id as an unsigned
/// LEB128 number, zero-filled to 32 bytes (filecoin-ffi, `toProverID`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Miner(pub u64);

impl Miner {
    pub fn prover_id(self) -> ProverId {
        let mut bytes = [0u8; 32];
        let mut rest = self.0;
        for byte in &mut bytes {
            let low = (rest & 0x7f) as u8;
            rest >>= 7;
            *byte = if rest == 0 { low } else { low | 0x80 };
            if rest == 0 {
                break;
            }
        }
        bytes
    }
}

pub fn sector_id(number: u64) -> SectorId {
    SectorId::from(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prover_ids_are_leb128_payloads() {
        let mut expected = [0u8; 32];
        expected[..2].copy_from_slice(&[0xe8, 0x07]);
        assert_eq!(Miner(1000).prover_id(), expected);
        assert_eq!(Miner(0).prover_id(), [0u8; 32]);
        expected = [0u8; 32];
        expected[..10]
            .copy_from_slice(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
        assert_eq!(Miner(u64::MAX).prover_id(), expected);
    }

    #[test]
    fn seal_proof_numbers_are_filecoins() {
        for number in 0..20 {
            let proof = SealProof::from_number(number).unwrap();
            assert_eq!(proof.number(), number);
            let sizes = [2048, 8 << 20, 512 << 20, 32 << 30, 64 << 30];
            assert_eq!(proof.sector_size(), sizes[(number % 5) as usize]);
        }
        assert!(SealProof::from_number(20).is_none());
    }

    #[test]
    fn malformed_values_are_refused() {
        assert!(serde_json::from_str::<Bytes32>("\"00\"").is_err());
        assert!(serde_json::from_str::<HexBytes>("\"0\"").is_err());
        assert!(serde_json::from_str::<AbsPath>("\"a/b\"").is_err());
        assert!(serde_json::from_str::<SectorPath>("\"/a/[1]\"").is_err());
        assert!(serde_json::from_str::<SectorPath>("\"/mnt/disk.data/1\"").is_err());
        assert!(serde_json::from_str::<SealProof>("20").is_err());
        assert!(serde_json::from_str::<SectorPath>("\"/a/1\"").is_ok());
    }
}
