//! `winning-post-challenge`, `post-challenges`, `post-partitions`: which sectors and leaves a proof is about.

use std::collections::BTreeSet;

use filecoin_proofs_api::{post, SectorId};
use serde::{Deserialize, Serialize};

use crate::error::{from_library, About, Outcome, SealError};
use crate::ops::post::types::{PostProof, Randomness};
use crate::run::RunContext;
use crate::values::{sector_id, Miner};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WinningParams {
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    sector_count: u64,
}

#[derive(Debug, Serialize)]
pub struct WinningAnswer {
    pub indices: Vec<u64>,
}

pub fn winning(_context: &RunContext, params: WinningParams) -> Outcome<WinningAnswer> {
    if params.sector_count == 0 {
        return Err(SealError::bad_request("sector_count: expected at least 1"));
    }
    let indices = post::generate_winning_post_sector_challenge(
        params.post_proof.0,
        &params.randomness.0,
        params.sector_count,
        params.miner.prover_id(),
    )
    .map_err(|error| from_library(About::Sector, &error))?;
    Ok(WinningAnswer { indices })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeavesParams {
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    sectors: Vec<u64>,
}

#[derive(Debug, Serialize)]
pub struct LeavesAnswer {
    pub challenges: Vec<SectorChallenges>,
}

#[derive(Debug, Serialize)]
pub struct SectorChallenges {
    pub number: u64,
    pub challenges: Vec<u64>,
}

pub fn leaves(_context: &RunContext, params: LeavesParams) -> Outcome<LeavesAnswer> {
    let challenges = of_sectors(
        params.miner,
        params.post_proof,
        params.randomness,
        params.sectors.into_iter().collect(),
    )?;
    Ok(LeavesAnswer { challenges })
}

/// The challenged leaves of each sector. They depend on the sector's place among all.
pub fn of_sectors(
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    numbers: BTreeSet<u64>,
) -> Outcome<Vec<SectorChallenges>> {
    let sectors: Vec<SectorId> = numbers.into_iter().map(sector_id).collect();
    let challenges = post::generate_fallback_sector_challenges(
        post_proof.0,
        &randomness.0,
        &sectors,
        miner.prover_id(),
    )
    .map_err(|error| SealError::bad_request(format!("{error:#}")))?;
    Ok(challenges
        .into_iter()
        .map(|(sector, challenges)| SectorChallenges {
            number: u64::from(sector),
            challenges,
        })
        .collect())
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionsParams {
    post_proof: PostProof,
    sector_count: u64,
}

#[derive(Debug, Serialize)]
pub struct PartitionsAnswer {
    pub partitions: u64,
    pub sectors_per_partition: u64,
}

pub fn partitions(_context: &RunContext, params: PartitionsParams) -> Outcome<PartitionsAnswer> {
    if !params.post_proof.is_window() {
        return Err(SealError::bad_request("only a window PoSt has partitions"));
    }
    let sectors_per_partition = params.post_proof.sectors_per_partition();
    Ok(PartitionsAnswer {
        partitions: params.sector_count.div_ceil(sectors_per_partition).max(1),
        sectors_per_partition,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use filecoin_proofs_api::RegisteredPoStProof;

    #[test]
    fn partitions_are_the_librarys() {
        for number in 10..15u64 {
            let post_proof: PostProof = serde_json::from_value(number.into()).unwrap();
            for sector_count in [1, 2, 3, 2299, 2300, 2301, 2349, 2350, 5000] {
                let ours = partitions(
                    &RunContext::quiet("post-partitions"),
                    PartitionsParams {
                        post_proof,
                        sector_count,
                    },
                )
                .unwrap();
                let theirs =
                    post::get_num_partition_for_fallback_post(post_proof.0, sector_count as usize)
                        .unwrap();
                assert_eq!(ours.partitions, theirs as u64, "{number} {sector_count}");
            }
        }
    }

    #[test]
    fn the_order_given_does_not_matter() {
        let post_proof = PostProof(RegisteredPoStProof::StackedDrgWindow2KiBV1_2);
        let challenges = |numbers: &[u64]| {
            of_sectors(
                Miner(1000),
                post_proof,
                Randomness([7; 32]),
                numbers.iter().copied().collect(),
            )
            .unwrap()
            .into_iter()
            .map(|sector| (sector.number, sector.challenges))
            .collect::<Vec<_>>()
        };
        assert_eq!(challenges(&[3, 1, 2, 3]), challenges(&[1, 2, 3]));
    }
}
