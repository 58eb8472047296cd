//! Replica update, and its traps: wrong inputs give success and wrong data.

use std::fs::{self, File};
use std::path::PathBuf;

use beepro_sealer::error::Code;
use filecoin_proofs_api::{update, RegisteredUpdateProof};
use serde_json::{json, Value};

use crate::support::*;

const PROOF: RegisteredUpdateProof = RegisteredUpdateProof::StackedDrg2KiBV1;

struct Updated {
    sector: Sector,
    data: Vec<u8>,
    pieces: Value,
    answer: Value,
}

fn updated() -> Updated {
    let sector = Sector::new();
    sector.seal(TICKET_A);
    let data = payload(SECTOR_PAYLOAD as usize, 7);
    let pieces = sector.add_data(&data);
    let answer = call("update-encode", encode_params(&sector, &pieces)).unwrap();
    Updated {
        sector,
        data,
        pieces,
        answer,
    }
}

fn encode_params(sector: &Sector, pieces: &Value) -> Value {
    json!({ "sector": sector.reference(), "update_proof": 0, "pieces": pieces })
}

impl Updated {
    fn key(&self) -> Value {
        json!({
            "sealed": self.sector.sealed(), "cache": self.sector.cache(),
            "comm_r": self.answer["comm_r_old"],
        })
    }

    fn bytes(&self, name: &str) -> [u8; 32] {
        bytes32(self.answer[name].as_str().unwrap())
    }

    fn out(&self) -> PathBuf {
        self.sector.path("decoded")
    }

    fn staged(&self) -> Vec<u8> {
        fs::read(self.sector.path("unsealed")).unwrap()
    }

    fn range_params(&self) -> Value {
        json!({
            "update_proof": 0, "key": self.key(), "replica": self.sector.path("update"),
            "replica_cache": self.sector.path("update-cache"),
            "comm_r_new": self.answer["comm_r_new"], "comm_d_new": self.answer["comm_d_new"],
            "offset": 1024, "size": 512, "out": self.out(),
        })
    }

    fn remove_params(&self, key_cache: PathBuf) -> Value {
        json!({
            "update_proof": 0, "key_cache": key_cache, "comm_r_old": self.answer["comm_r_old"],
            "replica": self.sector.path("update"), "data": self.sector.path("unsealed"),
            "comm_d_new": self.answer["comm_d_new"],
            "out_sealed": self.sector.path("key"), "out_cache": self.sector.path("key-cache"),
        })
    }
}

#[test]
fn an_update_is_encoded_proven_and_decoded() {
    let done = updated();
    assert_eq!(done.data.len() as u64, SECTOR_PAYLOAD);
    let vanilla = call(
        "update-vanilla",
        json!({
            "sector": done.sector.reference(), "update_proof": 0,
            "comm_r_old": done.answer["comm_r_old"], "comm_r_new": done.answer["comm_r_new"],
            "comm_d_new": done.answer["comm_d_new"], "out_dir": done.sector.dir(),
        }),
    )
    .unwrap();
    assert_eq!(vanilla["vanilla"].as_array().unwrap().len(), 1);

    call(
        "update-decode",
        json!({
            "update_proof": 0, "key": done.key(), "replica": done.sector.path("update"),
            "comm_d_new": done.answer["comm_d_new"], "out": done.out(),
        }),
    )
    .unwrap();
    assert_eq!(fs::read(done.out()).unwrap(), done.staged());

    call("update-decode-range", done.range_params()).unwrap();
    assert_eq!(fs::read(done.out()).unwrap(), done.staged()[1024..1536]);
}

#[test]
fn an_update_can_be_encoded_again() {
    let done = updated();
    let params = encode_params(&done.sector, &done.pieces);
    let fault = "error@update-encode:computed";
    assert!(call_with("update-encode", params.clone(), fault).is_err());
    // Until it is complete again there is no update to prove or clear.
    assert!(!done.sector.path("update-cache/beepro-update.json").exists());
    assert_eq!(call("update-encode", params).unwrap(), done.answer);
}

#[test]
fn other_data_than_the_pieces_is_refused() {
    let done = updated();
    let mut staged = done.staged();
    staged[0] ^= 1;
    fs::write(done.sector.path("unsealed"), staged).unwrap();
    let answer = call("update-encode", encode_params(&done.sector, &done.pieces));
    assert_eq!(code(answer), Code::DataMismatch);
}

#[test]
fn the_library_decodes_rubbish_with_the_new_comm_r() {
    let done = updated();
    let decode = |comm_r: [u8; 32]| {
        let mut output = Vec::new();
        update::empty_sector_update_decode_from_range(
            PROOF,
            done.bytes("comm_d_new"),
            comm_r,
            File::open(done.sector.path("update")).unwrap(),
            File::open(done.sector.sealed()).unwrap(),
            &mut output,
            0,
            4,
        )
        .unwrap();
        output
    };
    assert_eq!(decode(done.bytes("comm_r_old")), done.staged()[..128]);
    assert_ne!(decode(done.bytes("comm_r_new")), done.staged()[..128]);
}

#[test]
fn the_sealer_decodes_only_with_the_keys_own_comm_r() {
    let done = updated();
    let mut params = done.range_params();
    params["key"]["comm_r"] = done.answer["comm_r_new"].clone();
    assert_eq!(code(call("update-decode-range", params)), Code::StaleKey);
    let mut params = done.range_params();
    params["comm_r_new"] = done.answer["comm_r_old"].clone();
    assert_eq!(code(call("update-decode-range", params)), Code::StaleKey);
    let mut params = done.range_params();
    params["comm_p"] = json!(OTHER);
    assert_eq!(
        code(call("update-decode-range", params)),
        Code::DataMismatch
    );
    assert!(!done.out().exists());
}

#[test]
fn the_library_restores_a_wrong_key_from_the_updates_cache() {
    let done = updated();
    let restore = |replica_cache: PathBuf| {
        let (key, cache) = (done.sector.path("key"), done.sector.path("key-cache"));
        fs::create_dir_all(&cache).unwrap();
        File::create(&key).unwrap().set_len(SECTOR_SIZE).unwrap();
        update::empty_sector_update_remove_encoded_data(
            PROOF,
            key.clone(),
            cache,
            done.sector.path("update"),
            replica_cache,
            done.sector.path("unsealed"),
            done.bytes("comm_d_new"),
        )
        .unwrap();
        fs::read(key).unwrap()
    };
    let right = fs::read(done.sector.sealed()).unwrap();
    assert_eq!(restore(done.sector.cache()), right);
    assert_ne!(restore(done.sector.path("update-cache")), right);
}

#[test]
fn the_sealer_restores_the_key_or_nothing() {
    let done = updated();
    let wrong_cache = done.remove_params(done.sector.path("update-cache"));
    assert_eq!(
        code(call("update-remove-encoded", wrong_cache)),
        Code::StaleKey
    );
    assert!(!done.sector.path("key").exists());

    let right = done.remove_params(done.sector.cache());
    let mut wrong_data = right.clone();
    let mut data = done.staged();
    data[0] ^= 1;
    fs::write(done.sector.path("other"), data).unwrap();
    wrong_data["data"] = json!(done.sector.path("other"));
    assert_eq!(
        code(call("update-remove-encoded", wrong_data)),
        Code::ProofInvalid
    );
    assert!(!done.sector.path("key").exists() && !done.sector.path("key-cache").exists());

    let restored = call("update-remove-encoded", right).unwrap();
    assert_eq!(restored["comm_r"], done.answer["comm_r_old"]);
    assert_eq!(
        fs::read(done.sector.path("key")).unwrap(),
        fs::read(done.sector.sealed()).unwrap()
    );
}
