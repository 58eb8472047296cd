//! Traps: unsealing writes into the cache it is given, and returns rubbish for a wrong ticket.

use std::fs::{self, File};

use beepro_sealer::error::Code;
use beepro_sealer::values::Miner;
use filecoin_proofs_api::{
    seal, RegisteredSealProof, SectorId, UnpaddedByteIndex, UnpaddedBytesAmount,
};
use serde_json::{json, Value};

use crate::support::*;

fn library_unseal(sector: &Sector, sealed: &Value, cache: std::path::PathBuf, ticket: &str) {
    let comm_d = bytes32(sealed["comm_d"].as_str().unwrap());
    seal::get_unsealed_range_mapped(
        RegisteredSealProof::StackedDrg2KiBV1_1,
        cache,
        sector.sealed(),
        File::create(sector.path("out")).unwrap(),
        Miner(1000).prover_id(),
        SectorId::from(sector.number),
        comm_d,
        bytes32(ticket),
        UnpaddedByteIndex(0),
        UnpaddedBytesAmount(SECTOR_PAYLOAD),
    )
    .unwrap();
}

fn params(sector: &Sector, sealed: &Value, ticket: &str) -> Value {
    json!({
        "miner": 1000, "number": sector.number, "proof": 5, "sealed": sector.sealed(),
        "ticket": ticket, "comm_d": sealed["comm_d"],
        "out": sector.path("out"), "scratch": sector.dir(),
    })
}

#[test]
fn the_library_writes_into_the_cache() {
    let sector = Sector::new();
    let sealed = sector.seal_data(TICKET_A, &payload(SECTOR_PAYLOAD as usize, 1));
    let before = snapshot(&sector.cache());
    library_unseal(&sector, &sealed, sector.cache(), TICKET_A);
    assert_ne!(snapshot(&sector.cache()), before);
}

#[test]
fn the_library_returns_rubbish_for_a_wrong_ticket() {
    let data = payload(SECTOR_PAYLOAD as usize, 1);
    let sector = Sector::new();
    let sealed = sector.seal_data(TICKET_A, &data);
    let scratch = tempfile::tempdir().unwrap();
    library_unseal(&sector, &sealed, scratch.path().to_path_buf(), TICKET_B);
    assert_ne!(fs::read(sector.path("out")).unwrap(), data);
}

#[test]
fn the_sealer_leaves_the_sector_as_it_is() {
    let data = payload(SECTOR_PAYLOAD as usize, 1);
    let sector = Sector::new();
    let sealed = sector.seal_data(TICKET_A, &data);
    let mut before = sector.snapshot();
    let answer = call("unseal", params(&sector, &sealed, TICKET_A)).unwrap();
    assert_eq!(answer["size"], SECTOR_PAYLOAD);
    assert_eq!(fs::read(sector.path("out")).unwrap(), data);
    before.insert(sector.path("out"), digest(&data));
    before.insert(sector.path(".beepro-scratch-lock"), digest(&[]));
    assert_eq!(sector.snapshot(), before);
    assert!(sector.c1(TICKET_A, SEED, &sealed).is_ok());
}

#[test]
fn a_read_only_replica_is_unsealed_too() {
    let data = payload(SECTOR_PAYLOAD as usize, 1);
    let sector = Sector::new();
    let sealed = sector.seal_data(TICKET_A, &data);
    let mut permissions = fs::metadata(sector.sealed()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(sector.sealed(), permissions).unwrap();
    call("unseal", params(&sector, &sealed, TICKET_A)).unwrap();
    assert_eq!(fs::read(sector.path("out")).unwrap(), data);
}

#[test]
fn rubbish_is_not_handed_out() {
    let sector = Sector::new();
    let sealed = sector.seal_data(TICKET_A, &payload(SECTOR_PAYLOAD as usize, 1));
    let wrong_ticket = params(&sector, &sealed, TICKET_B);
    assert_eq!(code(call("unseal", wrong_ticket)), Code::DataMismatch);
    assert!(!sector.path("out").exists());

    // A part of the sector is known by its piece's commitment alone.
    let mut part = params(&sector, &sealed, TICKET_B);
    part["size"] = json!(127);
    part["comm_p"] = json!(OTHER);
    assert_eq!(code(call("unseal", part)), Code::DataMismatch);
    assert!(!sector.path("out").exists());
}

#[test]
fn ranges_outside_the_sector_are_refused() {
    let sector = Sector::new();
    let sealed = sector.seal(TICKET_A);
    for (offset, size) in [(0, 2033), (2032, 1), (1, 2032), (0, 0), (u64::MAX, 2)] {
        let mut bad = params(&sector, &sealed, TICKET_A);
        bad["offset"] = json!(offset);
        bad["size"] = json!(size);
        assert_eq!(
            code(call("unseal", bad)),
            Code::BadRequest,
            "{offset} {size}"
        );
    }
}
