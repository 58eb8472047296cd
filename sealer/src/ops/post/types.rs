//! Parameters that the PoSt ops share.

use filecoin_proofs_api::{ChallengeSeed, PoStType, RegisteredPoStProof};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::values::Bytes32;

/// A PoSt proof type by Filecoin's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostProof(pub RegisteredPoStProof);

/// Filecoin's numbers 0–14. What Filecoin calls window V1_1 the library calls V1_2.
const POST_PROOFS: [RegisteredPoStProof; 15] = {
    use RegisteredPoStProof::*;
    [
        StackedDrgWinning2KiBV1,
        StackedDrgWinning8MiBV1,
        StackedDrgWinning512MiBV1,
        StackedDrgWinning32GiBV1,
        StackedDrgWinning64GiBV1,
        StackedDrgWindow2KiBV1,
        StackedDrgWindow8MiBV1,
        StackedDrgWindow512MiBV1,
        StackedDrgWindow32GiBV1,
        StackedDrgWindow64GiBV1,
        StackedDrgWindow2KiBV1_2,
        StackedDrgWindow8MiBV1_2,
        StackedDrgWindow512MiBV1_2,
        StackedDrgWindow32GiBV1_2,
        StackedDrgWindow64GiBV1_2,
    ]
};

impl PostProof {
    pub fn sector_size(self) -> u64 {
        u64::from(self.0.sector_size())
    }

    pub fn is_window(self) -> bool {
        self.0.typ() == PoStType::Window
    }

    /// Sectors of one window PoSt partition (the library's WINDOW_POST_SECTOR_COUNT).
    pub fn sectors_per_partition(self) -> u64 {
        match self.sector_size() >> 30 {
            32 => 2349,
            64 => 2300,
            _ => 2,
        }
    }
}

impl<'de> Deserialize<'de> for PostProof {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(deserializer)?;
        if (5..10).contains(&number) {
            return Err(D::Error::custom(format!(
                "PoSt proof {number} (window V1) is grindable and no longer accepted: use {}",
                number + 5
            )));
        }
        usize::try_from(number)
            .ok()
            .and_then(|index| POST_PROOFS.get(index))
            .map(|proof| PostProof(*proof))
            .ok_or_else(|| D::Error::custom(format!("unknown PoSt proof {number}")))
    }
}

/// PoSt randomness: a field element, so the top two bits are cleared, as Filecoin does.
#[derive(Clone, Copy, Debug)]
pub struct Randomness(pub ChallengeSeed);

impl<'de> Deserialize<'de> for Randomness {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut bytes = Bytes32::deserialize(deserializer)?.0;
        bytes[31] &= 0x3f;
        Ok(Randomness(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grindable_window_proof_is_refused() {
        for number in 0..15 {
            let parsed = serde_json::from_str::<PostProof>(&number.to_string());
            assert_eq!(parsed.is_err(), (5..10).contains(&number), "{number}");
            if let Ok(proof) = parsed {
                assert_eq!(proof.is_window(), number >= 10);
            }
        }
        assert!(serde_json::from_str::<PostProof>("15").is_err());
    }

    #[test]
    fn randomness_is_a_field_element() {
        let text = format!("\"{}\"", "ff".repeat(32));
        let randomness: Randomness = serde_json::from_str(&text).unwrap();
        assert_eq!(randomness.0[31], 0x3f);
        assert_eq!(randomness.0[30], 0xff);
    }
}
