//! `bench`: times of the phases on this machine, with a sector of its own.

use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::error::{Outcome, SealError};
use crate::ops::{add_piece, check, commit1, commit2, pre_commit1, pre_commit2, unseal};
use crate::run::RunContext;
use crate::scratch::Scratch;
use crate::sector::commitments::zero_piece;
use crate::values::{AbsPath, Bytes32, SealProof};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    proof: SealProof,
    dir: AbsPath,
    #[serde(default = "default_phases")]
    phases: Vec<Phase>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Phase {
    AddPiece,
    #[serde(rename = "pre-commit-1")]
    PreCommit1,
    #[serde(rename = "pre-commit-2")]
    PreCommit2,
    #[serde(rename = "commit-1")]
    Commit1,
    #[serde(rename = "commit-2")]
    Commit2,
    Unseal,
}

fn default_phases() -> Vec<Phase> {
    vec![
        Phase::AddPiece,
        Phase::PreCommit1,
        Phase::PreCommit2,
        Phase::Commit1,
    ]
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub sector_size: u64,
    pub phases: Vec<Measured>,
}

#[derive(Debug, Serialize)]
pub struct Measured {
    phase: Phase,
    pub wall_ms: u64,
    /// Of the whole process.
    pub cpu_ms: u64,
    /// Highest of the process so far.
    pub peak_rss_bytes: u64,
}

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    if !params.proof.can_seal() {
        return Err(SealError::bad_request(
            "a proof type of 5 or more is needed",
        ));
    }
    let Some(last) = params.phases.iter().copied().max() else {
        return Err(SealError::bad_request("no phases given"));
    };
    let scratch = Scratch::create(params.dir.as_path(), "bench")?;
    Ok(Answer {
        sector_size: params.proof.sector_size(),
        phases: measure_all(context, &params, last, scratch.path())?,
    })
}

/// Runs every phase up to the last one asked for; those not asked for are run unmeasured.
fn measure_all(
    context: &RunContext,
    params: &Params,
    last: Phase,
    directory: &Path,
) -> Outcome<Vec<Measured>> {
    let bench = Bench {
        context,
        proof: params.proof,
        directory,
    };
    let order = [
        Phase::AddPiece,
        Phase::PreCommit1,
        Phase::PreCommit2,
        Phase::Commit1,
        Phase::Commit2,
        Phase::Unseal,
    ];
    let mut state = json!({});
    let mut measured = Vec::new();
    for phase in order.into_iter().filter(|phase| *phase <= last) {
        let needed = phase < Phase::Commit2;
        if !needed && !params.phases.contains(&phase) {
            continue;
        }
        let (started, cpu) = (Instant::now(), cpu_ms());
        bench.run(phase, &mut state)?;
        if params.phases.contains(&phase) {
            measured.push(Measured {
                phase,
                wall_ms: started.elapsed().as_millis() as u64,
                cpu_ms: cpu_ms() - cpu,
                peak_rss_bytes: peak_rss_bytes(),
            });
        }
    }
    Ok(measured)
}

struct Bench<'a> {
    context: &'a RunContext,
    proof: SealProof,
    directory: &'a Path,
}

const TICKET: [u8; 32] = [1; 32];
const SEED: [u8; 32] = [2; 32];

impl Bench<'_> {
    fn run(&self, phase: Phase, state: &mut Value) -> Outcome<()> {
        let sector = json!({
            "miner": 1000, "number": 1, "proof": self.proof, "dir": self.directory,
        });
        let ticket = Bytes32(TICKET);
        match phase {
            Phase::AddPiece => {
                let params = parse(json!({ "sector": sector, "pieces": [] }))?;
                add_piece::run(self.context, params).map(drop)
            }
            Phase::PreCommit1 => {
                let params = parse(json!({ "sector": sector, "ticket": ticket, "pieces": [] }))?;
                pre_commit1::run(self.context, params).map(drop)
            }
            Phase::PreCommit2 => {
                let params = parse(json!({ "sector": sector, "ticket": ticket }))?;
                let done = pre_commit2::run(self.context, params)?;
                state["comm_r"] = json!(done.comm_r);
                let params = parse(json!({
                    "sector": sector, "ticket": ticket, "comm_r": done.comm_r, "seeds": 1,
                }))?;
                check::run(self.context, params).map(drop)
            }
            Phase::Commit1 => {
                let params = parse(json!({
                    "sector": sector, "ticket": ticket, "seed": Bytes32(SEED),
                    "comm_r": state["comm_r"], "comm_d": zero_piece(self.proof.sector_size()),
                }))?;
                let done = commit1::run(self.context, params)?;
                state["c1"] = json!({ "path": done.c1.path, "sha256": done.c1.sha256 });
                Ok(())
            }
            Phase::Commit2 => {
                let params = parse(json!({ "miner": 1000, "number": 1, "c1": state["c1"] }))?;
                commit2::run(self.context, params).map(drop)
            }
            Phase::Unseal => {
                let params = parse(json!({
                    "miner": 1000, "number": 1, "proof": self.proof,
                    "sealed": self.directory.join("sealed"), "ticket": ticket,
                    "comm_d": zero_piece(self.proof.sector_size()),
                    "out": self.directory.join("out"), "scratch": self.directory,
                }))?;
                unseal::run(self.context, params).map(drop)
            }
        }
    }
}

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> Outcome<T> {
    serde_json::from_value(value).map_err(|error| SealError::bad_request(error.to_string()))
}

fn usage() -> libc::rusage {
    // SAFETY: getrusage fills the zeroed structure.
    unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    }
}

fn cpu_ms() -> u64 {
    let usage = usage();
    let ms = |time: libc::timeval| time.tv_sec as u64 * 1000 + time.tv_usec as u64 / 1000;
    ms(usage.ru_utime) + ms(usage.ru_stime)
}

fn peak_rss_bytes() -> u64 {
    usage().ru_maxrss as u64 * 1024
}
