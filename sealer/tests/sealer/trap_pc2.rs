//! Trap: PC2 encodes the replica in place and does not notice when it has been there before.

use std::fs;
use std::path::Path;

use beepro_sealer::error::Code;
use beepro_sealer::sector::markers::{Fresh, Marker};
use filecoin_proofs_api::seal::{self, SealPreCommitPhase1Output};
use serde_json::json;

use crate::support::*;

/// PC1's output, which the marker keeps.
fn pc1_output(cache: &Path) -> SealPreCommitPhase1Output {
    Fresh::read(cache).unwrap().pc1
}

fn library_pc2(sector: &Sector, output: &SealPreCommitPhase1Output) -> String {
    let done =
        seal::seal_pre_commit_phase2(output.clone(), sector.cache(), sector.sealed()).unwrap();
    hex::encode(done.comm_r)
}

#[test]
fn the_library_springs_the_trap_twice() {
    let sector = Sector::new();
    sector.pc1(TICKET_A, &json!([])).unwrap();
    let output = pc1_output(&sector.cache());
    let first = library_pc2(&sector, &output);
    let second = library_pc2(&sector, &output);
    assert_ne!(first, second, "the library noticed");
}

#[test]
fn the_library_springs_the_trap_after_a_kill() {
    let whole = Sector::new();
    whole.pc1(TICKET_A, &json!([])).unwrap();
    let output = pc1_output(&whole.cache());
    let fresh = fs::read(whole.sealed()).unwrap();
    let right = library_pc2(&whole, &output);
    let encoded = fs::read(whole.sealed()).unwrap();

    // Killed while it encoded: a quarter of the nodes have their key already.
    let killed = Sector::new();
    killed.pc1(TICKET_A, &json!([])).unwrap();
    let torn = [&encoded[..512], &fresh[512..]].concat();
    fs::write(killed.sealed(), torn).unwrap();
    assert_ne!(library_pc2(&killed, &output), right, "the library noticed");
}

#[test]
fn the_sealer_runs_pc2_once() {
    let sector = Sector::new();
    let sealed = sector.seal(TICKET_A);
    let before = sector.snapshot();
    let error = sector.pc2(TICKET_A).unwrap_err();
    assert_eq!(error.code, Code::ReplicaNotFresh);
    let data = error.data.unwrap();
    assert_eq!(data["state"], "sealed");
    assert_eq!(data["comm_r"], sealed["comm_r"]);
    assert_eq!(sector.snapshot(), before);
}

#[test]
fn after_a_kill_in_the_middle_only_pc1_helps() {
    let expected = Sector::new().seal(TICKET_A);
    for step in ["touched", "computed"] {
        let sector = Sector::new();
        sector.pc1(TICKET_A, &json!([])).unwrap();
        let fault = format!("error@pre-commit-2:{step}");
        let broken = call_with("pre-commit-2", sector.pc2_params(TICKET_A), &fault);
        assert_eq!(code(broken), Code::Library);
        let error = sector.pc2(TICKET_A).unwrap_err();
        assert_eq!(error.code, Code::ReplicaNotFresh, "{step}");
        assert_eq!(error.data.unwrap()["state"], "touched");

        let again = sector.pc1(TICKET_A, &json!([])).unwrap();
        assert_eq!(again["reused_layers"], 2);
        assert_eq!(sector.pc2(TICKET_A).unwrap(), expected, "{step}");
    }
}

#[test]
fn a_killed_pc1_leaves_no_marker() {
    for step in ["touched", "computed"] {
        let sector = Sector::new();
        sector.pc1(TICKET_A, &json!([])).unwrap();
        let fault = format!("error@pre-commit-1:{step}");
        let params = sector.pc1_params(TICKET_A, &json!([]));
        assert!(call_with("pre-commit-1", params, &fault).is_err());
        assert_eq!(code(sector.pc2(TICKET_A)), Code::ReplicaNotFresh, "{step}");
    }
}

#[test]
fn without_a_replica_there_is_no_pc2() {
    let sector = Sector::new();
    assert_eq!(code(sector.pc2(TICKET_A)), Code::NotSealed);
    sector.pc1(TICKET_A, &json!([])).unwrap();
    fs::remove_file(sector.sealed()).unwrap();
    assert_eq!(code(sector.pc2(TICKET_A)), Code::FileMissing);
    fs::write(sector.sealed(), [0u8; 100]).unwrap();
    assert_eq!(code(sector.pc2(TICKET_A)), Code::WrongSize);
}

#[test]
fn a_damaged_replica_does_not_pass_the_check() {
    let sector = Sector::new();
    let sealed = sector.seal(TICKET_A);
    let replica = fs::read(sector.sealed()).unwrap();
    let mut damaged = replica.clone();
    for node in damaged.chunks_mut(32) {
        node[0] ^= 1;
    }
    fs::write(sector.sealed(), damaged).unwrap();
    assert_eq!(
        code(sector.check(TICKET_A, &sealed["comm_r"])),
        Code::ReplicaInvalid
    );
    fs::write(sector.sealed(), replica).unwrap();
    assert!(sector.check(TICKET_A, &sealed["comm_r"]).is_ok());
}
