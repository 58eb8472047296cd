//! Trap: the library reuses label layers by size, whatever ticket they were made for.

use std::fs::File;

use beepro_sealer::error::Code;
use filecoin_proofs_api::{seal, RegisteredSealProof, SectorId};
use serde_json::json;

use crate::support::*;

const PROOF: RegisteredSealProof = RegisteredSealProof::StackedDrg2KiBV1_1;

/// PC1 and PC2 of committed capacity by the library alone, in the sector's directory.
fn library_seal(sector: &Sector, ticket: &str) -> [u8; 32] {
    std::fs::create_dir_all(sector.cache()).unwrap();
    File::create(sector.sealed()).unwrap();
    let zero = beepro_sealer::sector::commitments::zero_piece(SECTOR_SIZE);
    let pieces = [filecoin_proofs_api::PieceInfo {
        commitment: zero.0,
        size: filecoin_proofs_api::UnpaddedBytesAmount(SECTOR_PAYLOAD),
    }];
    let output = seal::seal_pre_commit_phase1(
        PROOF,
        sector.cache(),
        std::path::PathBuf::from("/dev/zero"),
        sector.sealed(),
        beepro_sealer::values::Miner(1000).prover_id(),
        SectorId::from(sector.number),
        bytes32(ticket),
        &pieces,
    )
    .unwrap();
    seal::seal_pre_commit_phase2(output, sector.cache(), sector.sealed())
        .unwrap()
        .comm_r
}

#[test]
fn the_library_springs_the_trap() {
    let reused = Sector::new();
    let first = library_seal(&reused, TICKET_A);
    let second = library_seal(&reused, TICKET_B);
    assert_eq!(first, second, "labels of ticket A were not reused");
    assert_ne!(second, library_seal(&Sector::new(), TICKET_B));
}

#[test]
fn the_sealer_wipes_a_cache_of_another_ticket() {
    let reused = Sector::new();
    reused.seal(TICKET_A);
    let answer = reused.pc1(TICKET_B, &json!([])).unwrap();
    assert_eq!(answer["reused_layers"], 0);
    let sealed = reused.pc2(TICKET_B).unwrap();
    assert_eq!(sealed, Sector::new().seal(TICKET_B));
    assert!(reused.c1(TICKET_B, SEED, &sealed).is_ok());
}

#[test]
fn the_sealer_wipes_a_cache_that_says_nothing() {
    let reused = Sector::new();
    library_seal(&reused, TICKET_A);
    assert_eq!(
        reused.pc1(TICKET_B, &json!([])).unwrap()["reused_layers"],
        0
    );
    assert_eq!(reused.pc2(TICKET_B).unwrap(), Sector::new().seal(TICKET_B));
}

#[test]
fn other_data_other_sector_other_proof_wipe_too() {
    let sector = Sector::new();
    sector.seal(TICKET_A);
    let pieces = sector.add_data(&payload(SECTOR_PAYLOAD as usize, 1));
    assert_eq!(sector.pc1(TICKET_A, &pieces).unwrap()["reused_layers"], 0);
    assert_eq!(sector.pc1(TICKET_A, &pieces).unwrap()["reused_layers"], 2);

    let renumbered = Sector::of(5, 2);
    copy_directory(sector.dir(), renumbered.dir());
    assert_eq!(
        renumbered.pc1(TICKET_A, &pieces).unwrap()["reused_layers"],
        0
    );
    let other_proof = Sector::of(10, 1);
    copy_directory(sector.dir(), other_proof.dir());
    assert_eq!(
        other_proof.pc1(TICKET_A, &pieces).unwrap()["reused_layers"],
        0
    );
}

#[test]
fn later_phases_refuse_a_cache_of_another_key() {
    let sector = Sector::new();
    let sealed = sector.seal(TICKET_A);
    assert_eq!(code(sector.pc2(TICKET_B)), Code::StaleKey);
    assert_eq!(code(sector.c1(TICKET_B, SEED, &sealed)), Code::StaleKey);
    assert_eq!(code(sector.check(TICKET_A, &json!(OTHER))), Code::StaleKey);
    let wrong = json!({ "comm_r": sealed["comm_r"], "comm_d": OTHER });
    assert_eq!(code(sector.c1(TICKET_A, SEED, &wrong)), Code::StaleKey);
}
