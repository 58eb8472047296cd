//! Trap: the library makes up a missing tree file, full of zeros.

use std::fs;

use beepro_sealer::error::Code;
use filecoin_proofs_api::{post, PrivateReplicaInfo, RegisteredPoStProof, SectorId};
use serde_json::json;

use crate::support::*;

const TREE: &str = "sc-02-data-tree-r-last.dat";

#[test]
fn the_library_makes_up_a_missing_tree() {
    let sector = Sector::of(6, 1);
    let sealed = sector.seal(TICKET_A);
    fs::remove_file(sector.cache().join(TREE)).unwrap();
    let replica = PrivateReplicaInfo::new(
        RegisteredPoStProof::StackedDrgWindow8MiBV1_2,
        bytes32(sealed["comm_r"].as_str().unwrap()),
        sector.cache(),
        sector.sealed(),
    );
    let proof = post::generate_single_vanilla_proof(
        RegisteredPoStProof::StackedDrgWindow8MiBV1_2,
        SectorId::from(sector.number),
        &replica,
        &[7],
    );
    assert!(proof.is_err());
    assert!(
        sector.cache().join(TREE).exists(),
        "the library made no file"
    );
}

#[test]
fn the_sealer_names_the_missing_tree_and_makes_none() {
    let sector = Sector::new();
    let sealed = sector.seal(TICKET_A);
    fs::remove_file(sector.cache().join(TREE)).unwrap();
    let answer = call(
        "post-vanilla",
        json!({
            "miner": 1000, "post_proof": 10, "number": 1, "challenges": [7],
            "sectors": [{
                "number": 1, "comm_r": sealed["comm_r"],
                "cache": sector.cache(), "sealed": sector.sealed(),
            }],
            "out": sector.path("vanilla"),
        }),
    );
    assert_eq!(code(answer), Code::CacheCorrupt);
    assert!(!sector.cache().join(TREE).exists());
}
