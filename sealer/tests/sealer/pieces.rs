//! Pieces: commitments, packing, staged data.

use std::fs;
use std::os::unix::fs::MetadataExt;

use beepro_sealer::error::Code;
use serde_json::json;

use crate::support::*;

fn piece(sector: &Sector, name: &str, size: usize) -> std::path::PathBuf {
    let path = sector.path(name);
    fs::write(&path, payload(size, size as u64)).unwrap();
    path
}

#[test]
fn capacity_costs_no_disk() {
    let sector = Sector::of(6, 1);
    let answer = call(
        "add-piece",
        json!({ "sector": sector.reference(), "pieces": [] }),
    )
    .unwrap();
    let file = fs::metadata(sector.path("unsealed")).unwrap();
    assert_eq!(file.len(), 8 << 20);
    assert_eq!(file.blocks(), 0);
    assert_eq!(answer["pieces"].as_array().unwrap().len(), 1);
}

#[test]
fn pieces_are_aligned_and_come_back_by_unsealing() {
    let sector = Sector::new();
    let (small, large) = (piece(&sector, "small", 100), piece(&sector, "large", 900));
    let added = call(
        "add-piece",
        json!({ "sector": sector.reference(), "pieces": [{ "path": small }, { "path": large }] }),
    )
    .unwrap();
    let layout: Vec<_> = added["pieces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|piece| {
            (
                piece["offset"].as_u64().unwrap(),
                piece["size"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        layout,
        vec![(0, 100), (128, 0), (256, 0), (512, 0), (1024, 900)]
    );

    // Data pieces alone name the same sector: the fill follows from alignment.
    let data_only = json!(
        [&added["pieces"][0], &added["pieces"][4]].map(|piece| json!({
            "padded_size": piece["padded_size"], "comm_p": piece["comm_p"],
        }))
    );
    let pc1 = sector.pc1(TICKET_A, &data_only).unwrap();
    assert_eq!(pc1["comm_d"], added["comm_d"]);
    sector.pc2(TICKET_A).unwrap();

    let out = sector.path("out");
    let unsealed = call(
        "unseal",
        json!({
            "miner": 1000, "number": 1, "proof": 5, "sealed": sector.sealed(),
            "ticket": TICKET_A, "comm_d": added["comm_d"], "offset": 1016, "size": 900,
            "comm_p": added["pieces"][4]["comm_p"], "out": out, "scratch": sector.dir(),
        }),
    )
    .unwrap();
    assert_eq!(unsealed["size"], 900);
    assert_eq!(fs::read(&out).unwrap(), fs::read(&large).unwrap());
}

#[test]
fn a_commitment_is_the_same_alone_and_in_a_sector() {
    let sector = Sector::new();
    let path = piece(&sector, "piece", 500);
    let alone = call("piece-commitment", json!({ "path": path })).unwrap();
    assert_eq!(alone["padded_size"], 512);
    let pieces = json!([{ "path": path, "comm_p": alone["comm_p"] }]);
    let added = call(
        "add-piece",
        json!({ "sector": sector.reference(), "pieces": pieces }),
    )
    .unwrap();
    assert_eq!(added["pieces"][0]["comm_p"], alone["comm_p"]);
}

#[test]
fn other_data_than_announced_is_refused() {
    let sector = Sector::new();
    let path = piece(&sector, "piece", 500);
    let pieces = json!([{ "path": path, "comm_p": OTHER }]);
    let answer = call(
        "add-piece",
        json!({ "sector": sector.reference(), "pieces": pieces }),
    );
    assert_eq!(code(answer), Code::DataMismatch);
    assert!(!sector.path("unsealed").exists());
    let names = sector
        .snapshot()
        .into_keys()
        .map(|path| path.file_name().unwrap().to_owned());
    assert_eq!(names.collect::<Vec<_>>(), vec![".lock", "piece"]);
}

#[test]
fn sizes_are_checked_before_anything_is_written() {
    let sector = Sector::new();
    let path = piece(&sector, "piece", 500);
    for (pieces, expected) in [
        (json!([{ "path": path, "size": 501 }]), Code::WrongSize),
        (json!([{ "path": path, "offset": 501 }]), Code::WrongSize),
        (
            json!([{ "path": path, "padded_size": 256 }]),
            Code::BadRequest,
        ),
        (
            json!([{ "path": path, "padded_size": 4096 }]),
            Code::BadRequest,
        ),
        (json!([{ "path": path, "size": 0 }]), Code::BadRequest),
        (json!([{ "path": sector.path("none") }]), Code::FileMissing),
        (json!([{ "path": sector.dir() }]), Code::BadRequest),
    ] {
        let params = json!({ "sector": sector.reference(), "pieces": pieces });
        assert_eq!(code(call("add-piece", params)), expected, "{pieces}");
    }
    assert!(!sector.path("unsealed").exists());
    assert!(!sector.path(".lock").exists());
}

#[test]
fn staged_data_of_other_pieces_is_refused_by_pre_commit_1() {
    let sector = Sector::new();
    let pieces = sector.add_data(&payload(SECTOR_PAYLOAD as usize, 1));
    let mut other = payload(SECTOR_SIZE as usize, 2);
    for node in other.chunks_mut(32) {
        node[31] &= 0x3f;
    }
    fs::write(sector.path("unsealed"), other).unwrap();
    assert_eq!(code(sector.pc1(TICKET_A, &pieces)), Code::DataMismatch);
    fs::write(sector.path("unsealed"), [0u8; 100]).unwrap();
    assert_eq!(code(sector.pc1(TICKET_A, &pieces)), Code::WrongSize);
    fs::remove_file(sector.path("unsealed")).unwrap();
    assert_eq!(code(sector.pc1(TICKET_A, &pieces)), Code::FileMissing);
}
