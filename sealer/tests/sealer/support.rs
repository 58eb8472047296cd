//! A sector under test, driven through the same table of ops that serves requests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use beepro_sealer::error::{Code, SealError};
use beepro_sealer::fault::Faults;
use beepro_sealer::ops::table;
use beepro_sealer::run::RunContext;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

pub type Answer = Result<Value, SealError>;

pub fn call(op: &str, params: Value) -> Answer {
    call_with(op, params, "")
}

/// Runs an op with injected faults.
pub fn call_with(op: &str, params: Value, faults: &str) -> Answer {
    let ops = table::all();
    let op = ops.iter().find(|candidate| candidate.name == op).unwrap();
    let faults = match faults {
        "" => Faults::none(),
        text => Faults::from_text(text, None).unwrap(),
    };
    let context = RunContext::new(
        format!("test-{}", op.name),
        op.name,
        0,
        false,
        Arc::new(|_| {}),
        Arc::new(faults),
    );
    op.prepare(params)?(&context)
}

pub fn code(answer: Answer) -> Code {
    answer.expect_err("an error was expected").code
}

pub const TICKET_A: &str = "0101010101010101010101010101010101010101010101010101010101010101";
pub const TICKET_B: &str = "0202020202020202020202020202020202020202020202020202020202020202";
pub const SEED: &str = "0303030303030303030303030303030303030303030303030303030303030303";
pub const OTHER: &str = "0404040404040404040404040404040404040404040404040404040404040404";

pub const SECTOR_SIZE: u64 = 2048;
pub const SECTOR_PAYLOAD: u64 = 2032;

/// Bytes without a pattern that padding could hide.
pub fn payload(size: usize, salt: u64) -> Vec<u8> {
    let mut state = salt.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..size)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state as u8
        })
        .collect()
}

pub fn bytes32(text: &str) -> [u8; 32] {
    hex::decode(text).unwrap().try_into().unwrap()
}

pub struct Sector {
    directory: TempDir,
    pub number: u64,
    pub proof: u64,
}

impl Sector {
    pub fn new() -> Self {
        Self::of(5, 1)
    }

    pub fn of(proof: u64, number: u64) -> Self {
        Sector {
            directory: tempfile::tempdir().unwrap(),
            number,
            proof,
        }
    }

    /// On a file system that is never large.
    pub fn in_memory(proof: u64) -> Self {
        Sector {
            directory: tempfile::tempdir_in("/dev/shm").unwrap(),
            number: 1,
            proof,
        }
    }

    pub fn dir(&self) -> &Path {
        self.directory.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir().join(name)
    }

    pub fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    pub fn sealed(&self) -> PathBuf {
        self.path("sealed")
    }

    pub fn reference(&self) -> Value {
        json!({ "miner": 1000, "number": self.number, "proof": self.proof, "dir": self.dir() })
    }

    /// Stages one piece that fills the sector; its list of pieces.
    pub fn add_data(&self, data: &[u8]) -> Value {
        let source = self.path("source");
        fs::write(&source, data).unwrap();
        let added = call(
            "add-piece",
            json!({ "sector": self.reference(), "pieces": [{ "path": source }] }),
        )
        .unwrap();
        Value::Array(
            added["pieces"]
                .as_array()
                .unwrap()
                .iter()
                .map(|piece| {
                    json!({ "padded_size": piece["padded_size"], "comm_p": piece["comm_p"] })
                })
                .collect(),
        )
    }

    pub fn pc1(&self, ticket: &str, pieces: &Value) -> Answer {
        call("pre-commit-1", self.pc1_params(ticket, pieces))
    }

    pub fn pc1_params(&self, ticket: &str, pieces: &Value) -> Value {
        json!({ "sector": self.reference(), "ticket": ticket, "pieces": pieces })
    }

    pub fn pc2(&self, ticket: &str) -> Answer {
        call("pre-commit-2", self.pc2_params(ticket))
    }

    pub fn pc2_params(&self, ticket: &str) -> Value {
        json!({ "sector": self.reference(), "ticket": ticket })
    }

    pub fn check(&self, ticket: &str, comm_r: &Value) -> Answer {
        call(
            "check",
            json!({ "sector": self.reference(), "ticket": ticket, "comm_r": comm_r }),
        )
    }

    pub fn c1(&self, ticket: &str, seed: &str, sealed: &Value) -> Answer {
        call(
            "commit-1",
            json!({
                "sector": self.reference(), "ticket": ticket, "seed": seed,
                "comm_r": sealed["comm_r"], "comm_d": sealed["comm_d"],
            }),
        )
    }

    /// Seals committed capacity up to pre-commit 2.
    pub fn seal(&self, ticket: &str) -> Value {
        self.seal_pieces(ticket, &json!([]))
    }

    pub fn seal_data(&self, ticket: &str, data: &[u8]) -> Value {
        let pieces = self.add_data(data);
        self.seal_pieces(ticket, &pieces)
    }

    fn seal_pieces(&self, ticket: &str, pieces: &Value) -> Value {
        self.pc1(ticket, pieces).unwrap();
        self.pc2(ticket).unwrap()
    }

    /// Every file of the directory with its content's digest.
    pub fn snapshot(&self) -> BTreeMap<PathBuf, String> {
        snapshot(self.dir())
    }
}

pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

pub fn snapshot(directory: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(snapshot(&path));
        } else {
            let content = digest(&fs::read(&path).unwrap());
            files.insert(path, content);
        }
    }
    files
}

/// Copies a directory whole.
pub fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_directory(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}
