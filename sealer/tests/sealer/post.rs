//! Proof of spacetime, as far as it goes without parameters.

use std::fs;

use beepro_sealer::error::Code;
use serde_json::{json, Value};

use crate::support::*;

pub struct Stored {
    pub sectors: Vec<Sector>,
    pub references: Value,
}

/// Three sealed sectors whose caches are cleared.
pub fn stored() -> Stored {
    let sectors: Vec<Sector> = (1..=3).map(|number| Sector::of(5, number)).collect();
    let references = sectors
        .iter()
        .map(|sector| {
            let sealed = sector.seal(TICKET_A);
            call("clear-cache", json!({ "sector": sector.reference() })).unwrap();
            json!({
                "number": sector.number, "comm_r": sealed["comm_r"],
                "cache": sector.cache(), "sealed": sector.sealed(),
            })
        })
        .collect();
    Stored {
        sectors,
        references,
    }
}

impl Stored {
    pub fn params(&self, post_proof: u64) -> Value {
        json!({
            "miner": 1000, "post_proof": post_proof, "randomness": OTHER,
            "sectors": self.references,
        })
    }

    pub fn vanilla(&self, post_proof: u64, number: u64) -> Value {
        let mut params = self.params(post_proof);
        params["number"] = json!(number);
        params["out"] = json!(self.sectors[0].path(&format!("vanilla-{number}")));
        call("post-vanilla", params).unwrap()["vanilla"].clone()
    }
}

#[test]
fn every_good_sector_is_read_and_every_bad_one_named() {
    let stored = stored();
    let all = call("post-read", stored.params(10)).unwrap();
    assert_eq!(all, json!({ "good": [1, 2, 3], "faulty": [] }));

    fs::remove_file(stored.sectors[0].cache().join("p_aux")).unwrap();
    let mut damaged = fs::read(stored.sectors[1].sealed()).unwrap();
    damaged.iter_mut().for_each(|byte| *byte ^= 1);
    fs::write(stored.sectors[1].sealed(), damaged).unwrap();
    let some = call("post-read", stored.params(10)).unwrap();
    assert_eq!(some["good"], json!([3]));
    let codes: Vec<_> = some["faulty"]
        .as_array()
        .unwrap()
        .iter()
        .map(|faulty| {
            (
                faulty["number"].as_u64().unwrap(),
                faulty["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(codes, vec![(1, "cache_corrupt"), (2, "replica_invalid")]);
}

#[test]
fn a_node_outside_the_field_is_that_sectors_fault() {
    let stored = stored();
    fs::write(stored.sectors[1].sealed(), [0xffu8; SECTOR_SIZE as usize]).unwrap();
    let read = call("post-read", stored.params(10)).unwrap();
    assert_eq!(read["good"], json!([1, 3]));
}

#[test]
fn one_bad_sector_is_named_before_the_snark() {
    let stored = stored();
    fs::remove_file(stored.sectors[2].sealed()).unwrap();
    let error = call("window-post", stored.params(10)).unwrap_err();
    assert_eq!(error.code, Code::SectorsFaulty);
    assert_eq!(error.data.unwrap()["faulty"][0]["number"], 3);
}

#[test]
fn a_vanilla_proof_depends_on_the_sectors_place() {
    let stored = stored();
    let given = call(
        "post-challenges",
        json!({ "miner": 1000, "post_proof": 10, "randomness": OTHER, "sectors": [3, 1, 2] }),
    )
    .unwrap();
    let by_list = stored.vanilla(10, 2);
    let by_challenges = call(
        "post-vanilla",
        json!({
            "miner": 1000, "post_proof": 10, "number": 2,
            "sectors": [stored.references[1]],
            "challenges": given["challenges"][1]["challenges"],
            "out": stored.sectors[0].path("by-challenges"),
        }),
    )
    .unwrap();
    assert_eq!(by_list["sha256"], by_challenges["vanilla"]["sha256"]);
}

#[test]
fn a_sector_of_another_comm_r_is_refused() {
    let stored = stored();
    let mut params = stored.params(10);
    params["sectors"][0]["comm_r"] = stored.references[1]["comm_r"].clone();
    let read = call("post-read", params).unwrap();
    assert_eq!(read["faulty"][0]["code"], "stale_key");
}

#[test]
fn the_kind_of_proof_must_fit() {
    let stored = stored();
    assert_eq!(
        code(call("window-post", stored.params(0))),
        Code::BadRequest
    );
    assert_eq!(
        code(call("winning-post", stored.params(10))),
        Code::BadRequest
    );
    assert_eq!(
        code(call("window-post", stored.params(5))),
        Code::BadRequest
    );
}

#[test]
fn a_vanilla_file_must_be_the_one_named() {
    let stored = stored();
    let mut vanilla = stored.vanilla(10, 1);
    vanilla["sha256"] = json!(OTHER);
    let params = json!({
        "miner": 1000, "post_proof": 10, "randomness": OTHER, "vanilla": [vanilla],
    });
    assert_eq!(
        code(call("window-post-from-vanilla", params)),
        Code::DigestMismatch
    );
}
