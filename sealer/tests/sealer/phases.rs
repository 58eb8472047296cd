//! Sealing, phase by phase.

use std::fs;

use beepro_sealer::error::Code;
use serde_json::json;

use crate::support::*;

#[test]
fn committed_capacity_is_sealed_up_to_commit_1() {
    let sector = Sector::new();
    let answer = sector.pc1(TICKET_A, &json!([])).unwrap();
    assert_eq!(answer["layers"], 2);
    assert_eq!(answer["reused_layers"], 0);
    let sealed = sector.pc2(TICKET_A).unwrap();
    assert_eq!(sealed["comm_d"], answer["comm_d"]);
    let check = sector.check(TICKET_A, &sealed["comm_r"]).unwrap();
    assert_eq!(check, json!({ "seeds": 8, "challenges": 16 }));
    let c1 = sector.c1(TICKET_A, SEED, &sealed).unwrap();
    let file = fs::read(sector.path("c1.json")).unwrap();
    assert_eq!(c1["c1"]["size"], file.len());
}

#[test]
fn commit_1_is_deterministic() {
    let data = payload(SECTOR_PAYLOAD as usize, 1);
    let digest = |seed: &str| {
        let sector = Sector::new();
        let sealed = sector.seal_data(TICKET_A, &data);
        sector.c1(TICKET_A, seed, &sealed).unwrap()["c1"]["sha256"].clone()
    };
    assert_eq!(digest(SEED), digest(SEED));
    assert_ne!(digest(SEED), digest(OTHER));
}

#[test]
fn a_killed_pre_commit_1_resumes_by_layer() {
    let sector = Sector::new();
    let comm_r = sector.seal(TICKET_A)["comm_r"].clone();
    fs::remove_file(sector.cache().join("sc-02-data-layer-2.dat")).unwrap();
    let again = sector.pc1(TICKET_A, &json!([])).unwrap();
    assert_eq!(again["reused_layers"], 1);
    assert_eq!(sector.pc2(TICKET_A).unwrap()["comm_r"], comm_r);
}

/// Cuts the second half of a file off and puts zeros in its place.
fn half_written(path: &std::path::Path) {
    let size = fs::metadata(path).unwrap().len();
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(size / 2).unwrap();
    file.set_len(size).unwrap();
}

#[test]
fn trees_that_a_killed_run_left_half_written_are_made_anew() {
    let sector = Sector::new();
    let data = payload(SECTOR_PAYLOAD as usize, 1);
    let comm_r = sector.seal_data(TICKET_A, &data)["comm_r"].clone();
    // As after a kill of PC2, and PC1's restoring of the replica.
    for name in ["sc-02-data-tree-c.dat", "sc-02-data-tree-r-last.dat"] {
        half_written(&sector.cache().join(name));
    }
    assert_eq!(sector.seal_data(TICKET_A, &data)["comm_r"], comm_r);
    // As after a kill of PC1 before its first layer.
    half_written(&sector.cache().join("sc-02-data-tree-d.dat"));
    for layer in 1..=2 {
        fs::remove_file(sector.cache().join(format!("sc-02-data-layer-{layer}.dat"))).unwrap();
    }
    let sealed = sector.seal_data(TICKET_A, &data);
    assert_eq!(sealed["comm_r"], comm_r);
    assert!(sector.check(TICKET_A, &sealed["comm_r"]).is_ok());
}

#[test]
fn a_directory_may_be_moved_between_phases() {
    let sector = Sector::new();
    sector.pc1(TICKET_A, &json!([])).unwrap();
    let moved = Sector::new();
    copy_directory(sector.dir(), moved.dir());
    drop(sector);
    let sealed = moved.pc2(TICKET_A).unwrap();
    let again = Sector::new();
    copy_directory(moved.dir(), again.dir());
    drop(moved);
    assert!(again.c1(TICKET_A, SEED, &sealed).is_ok());
}

#[test]
fn clearing_the_cache_keeps_what_storage_proofs_need() {
    let sector = Sector::new();
    let sealed = sector.seal(TICKET_A);
    let clear = json!({ "sector": sector.reference() });
    assert!(
        call("clear-cache", clear.clone()).unwrap()["freed"]
            .as_u64()
            .unwrap()
            > 0
    );
    let names: Vec<String> = fs::read_dir(sector.cache())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    for kept in ["p_aux", "t_aux", "sc-02-data-tree-r-last.dat"] {
        assert!(names.iter().any(|name| name == kept), "{kept}");
    }
    assert!(!names
        .iter()
        .any(|name| name.contains("layer") || name.contains("tree-d")));
    // Without layers there is no commit 1, and the error says why.
    assert_eq!(code(sector.c1(TICKET_A, SEED, &sealed)), Code::CacheCorrupt);
    assert_eq!(call("clear-cache", clear).unwrap()["freed"], 0);
}

#[test]
fn nothing_is_cleared_before_it_is_sealed() {
    let sector = Sector::new();
    sector.pc1(TICKET_A, &json!([])).unwrap();
    let before = sector.snapshot();
    let clear = call("clear-cache", json!({ "sector": sector.reference() }));
    assert_eq!(code(clear), Code::NotSealed);
    assert_eq!(sector.snapshot(), before);
}

#[test]
fn a_non_interactive_sector_reaches_commit_1() {
    let sector = Sector::of(15, 1);
    let sealed = sector.seal(TICKET_A);
    let check = sector.check(TICKET_A, &sealed["comm_r"]).unwrap();
    assert_eq!(check["seeds"], 1);
    assert!(sector.c1(TICKET_A, SEED, &sealed).is_ok());
}

#[test]
fn old_proof_types_are_not_sealed() {
    let sector = Sector::of(0, 1);
    assert_eq!(code(sector.pc1(TICKET_A, &json!([]))), Code::BadRequest);
    assert!(sector.snapshot().is_empty());
}

#[test]
fn a_bad_request_touches_no_file() {
    let sector = Sector::new();
    sector.seal(TICKET_A);
    let before = sector.snapshot();
    let mut bad = Vec::new();
    for (field, value) in [
        ("ticket", json!("01")),
        ("sector", json!(null)),
        (
            "pieces",
            json!([{ "padded_size": 100, "comm_p": TICKET_A }]),
        ),
        (
            "pieces",
            json!([{ "padded_size": 4096, "comm_p": TICKET_A }]),
        ),
        ("surprise", json!(1)),
    ] {
        let mut params = sector.pc1_params(TICKET_A, &json!([]));
        params[field] = value;
        bad.push(params);
    }
    for params in bad {
        assert_eq!(
            code(call("pre-commit-1", params.clone())),
            Code::BadRequest,
            "{params}"
        );
    }
    assert_eq!(sector.snapshot(), before);
}

#[test]
fn a_disk_that_is_too_small_is_noticed_first() {
    // 64 GiB of capacity need about 900 GiB.
    let sector = Sector::in_memory(9);
    assert_eq!(code(sector.pc1(TICKET_A, &json!([]))), Code::NoSpace);
    assert!(!sector.cache().exists() && !sector.sealed().exists());
}

#[test]
fn leftovers_of_a_dead_process_are_removed() {
    let sector = Sector::new();
    sector.pc1(TICKET_A, &json!([])).unwrap();
    let leftovers = ["unsealed.tmp-1-1", "cache/beepro-fresh.json.tmp-1-2"];
    for name in leftovers {
        fs::write(sector.path(name), "half").unwrap();
    }
    fs::write(
        sector.path("vanilla.tmp-1-3"),
        "of a run that needs no lock",
    )
    .unwrap();
    sector.pc2(TICKET_A).unwrap();
    for name in leftovers {
        assert!(!sector.path(name).exists(), "{name}");
    }
    assert!(sector.path("vanilla.tmp-1-3").exists());
}

#[test]
fn the_phases_are_measured() {
    let sector = Sector::new();
    let phases = json!(["pre-commit-1", "commit-1", "unseal"]);
    let params = json!({ "proof": 5, "dir": sector.dir(), "phases": phases });
    let answer = call("bench", params).unwrap();
    assert_eq!(answer["sector_size"], SECTOR_SIZE);
    let names: Vec<_> = answer["phases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|phase| phase["phase"].clone())
        .collect();
    assert_eq!(json!(names), phases);
    assert_eq!(
        sector.snapshot().len(),
        1,
        "only the lock file of the scratch directories"
    );
}
