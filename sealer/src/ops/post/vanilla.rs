//! `post-vanilla` and `post-read`: vanilla proofs of single sectors. One bad sector would fail a
//! whole proof, so each is read on its own.

use std::collections::BTreeMap;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::thread;

use filecoin_proofs_api::post;
use serde::{Deserialize, Serialize};

use crate::error::{from_library, About, Code, Outcome, SealError};
use crate::fault::Step;
use crate::files::{self, WrittenFile};
use crate::lock::guard;
use crate::ops::post::challenges::of_sectors;
use crate::ops::post::replicas::{by_number, ReplicaRef};
use crate::ops::post::types::{PostProof, Randomness};
use crate::run::{panic_error, RunContext};
use crate::values::{sector_id, AbsPath, Miner};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SingleParams {
    miner: Miner,
    post_proof: PostProof,
    randomness: Option<Randomness>,
    sectors: Vec<ReplicaRef>,
    number: u64,
    challenges: Option<Vec<u64>>,
    out: AbsPath,
}

#[derive(Debug, Serialize)]
pub struct SingleAnswer {
    pub vanilla: WrittenFile,
}

pub fn single(context: &RunContext, params: SingleParams) -> Outcome<SingleAnswer> {
    let sectors = by_number(params.sectors, |sector| sector.number)?;
    let replica = sectors.get(&params.number).ok_or_else(|| {
        SealError::bad_request(format!("sector {} is not among the given", params.number))
    })?;
    let challenges = match (params.challenges, params.randomness) {
        (Some(challenges), _) => challenges,
        (None, Some(randomness)) => {
            let numbers = sectors.keys().copied().collect();
            of_sectors(params.miner, params.post_proof, randomness, numbers)?
                .into_iter()
                .find(|sector| sector.number == params.number)
                .map(|sector| sector.challenges)
                .unwrap_or_default()
        }
        (None, None) => {
            return Err(SealError::bad_request(
                "randomness or challenges are needed",
            ));
        }
    };
    context.step("vanilla");
    let bytes = prove_one(params.post_proof, replica, &challenges)?;
    context.fault(Step::Computed)?;
    Ok(SingleAnswer {
        vanilla: files::write_named(params.out.as_path(), &bytes)?,
    })
}

/// A sector that cannot be proven now.
#[derive(Clone, Debug, Serialize)]
pub struct Faulty {
    pub number: u64,
    pub code: Code,
    pub message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadParams {
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    sectors: Vec<ReplicaRef>,
}

#[derive(Debug, Serialize)]
pub struct ReadAnswer {
    pub good: Vec<u64>,
    pub faulty: Vec<Faulty>,
}

pub fn read(context: &RunContext, params: ReadParams) -> Outcome<ReadAnswer> {
    let sectors = by_number(params.sectors, |sector| sector.number)?;
    let (good, faulty) = prove_each(
        context,
        params.miner,
        params.post_proof,
        params.randomness,
        &sectors,
    )?;
    context.fault(Step::Computed)?;
    Ok(ReadAnswer {
        good: good.into_keys().collect(),
        faulty,
    })
}

/// Vanilla proofs by sector number, and the sectors that gave none.
pub type Each = (BTreeMap<u64, Vec<u8>>, Vec<Faulty>);

pub fn prove_each(
    context: &RunContext,
    miner: Miner,
    post_proof: PostProof,
    randomness: Randomness,
    sectors: &BTreeMap<u64, ReplicaRef>,
) -> Outcome<Each> {
    let challenges = of_sectors(
        miner,
        post_proof,
        randomness,
        sectors.keys().copied().collect(),
    )?;
    context.step("vanilla");
    let total = challenges.len();
    let next = AtomicUsize::new(0);
    let done = AtomicUsize::new(0);
    let collected: Mutex<Each> = Mutex::default();
    thread::scope(|scope| {
        // Mostly waiting for disks: as many readers as cores are enough to keep them busy.
        for _ in 0..num_cpus::get().min(total) {
            scope.spawn(|| loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(sector) = challenges.get(index) else {
                    return;
                };
                let result = match sectors.get(&sector.number) {
                    Some(replica) => prove_one(post_proof, replica, &sector.challenges),
                    None => continue,
                };
                let mut collected = guard(&collected);
                match result {
                    Ok(proof) => {
                        collected.0.insert(sector.number, proof);
                    }
                    Err(error) => collected.1.push(Faulty {
                        number: sector.number,
                        code: error.code,
                        message: error.message,
                    }),
                }
                drop(collected);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                context.advance("vanilla", done as u64, total as u64);
            });
        }
    });
    let (good, mut faulty) = collected
        .into_inner()
        .unwrap_or_else(|error| error.into_inner());
    faulty.sort_by_key(|sector| sector.number);
    Ok((good, faulty))
}

/// One sector's vanilla proof. A damaged node can make the library panic: that is this sector's
/// fault, not the proof's.
fn prove_one(post_proof: PostProof, replica: &ReplicaRef, challenges: &[u64]) -> Outcome<Vec<u8>> {
    let info = replica.check(post_proof)?;
    let proven = catch_unwind(AssertUnwindSafe(|| {
        post::generate_single_vanilla_proof(
            post_proof.0,
            sector_id(replica.number),
            &info,
            challenges,
        )
    }));
    match proven {
        Ok(result) => result.map_err(|error| from_library(About::Sector, &error)),
        Err(payload) => Err(panic_error(&*payload)),
    }
}
