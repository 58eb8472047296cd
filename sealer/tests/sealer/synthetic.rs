//! Synthetic PoRep: commit 1 after the layers are gone.

use std::fs;

use beepro_sealer::error::Code;
use serde_json::json;

use crate::support::*;

const FILE: &str = "syn-porep-vanilla-proofs.dat";

#[test]
fn commit_1_works_after_the_layers_are_gone() {
    let sector = Sector::of(10, 1);
    let sealed = sector.seal(TICKET_A);
    assert_eq!(sealed["synthetic"], true);
    let before = sector.c1(TICKET_A, SEED, &sealed).unwrap();
    call("clear-cache", json!({ "sector": sector.reference() })).unwrap();
    assert!(sector.check(TICKET_A, &sealed["comm_r"]).is_ok());
    assert_eq!(sector.c1(TICKET_A, SEED, &sealed).unwrap(), before);

    let all = json!({ "sector": sector.reference(), "synthetic_proofs": true });
    call("clear-cache", all).unwrap();
    assert!(!sector.cache().join(FILE).exists());
    assert!(sector.c1(TICKET_A, SEED, &sealed).is_err());
}

#[test]
fn synthetic_proofs_can_be_made_again_while_the_layers_are_there() {
    let sector = Sector::of(10, 1);
    sector.pc1(TICKET_A, &json!([])).unwrap();
    // The process dies between the end of pre-commit 2 and the synthetic proofs.
    let broken = call_with(
        "pre-commit-2",
        sector.pc2_params(TICKET_A),
        "error@pre-commit-2:marked",
    );
    assert_eq!(code(broken), Code::Library);
    let sealed = sector.pc2(TICKET_A).unwrap_err();
    assert_eq!(sealed.code, Code::ReplicaNotFresh);
    let sealed = sealed.data.unwrap();
    assert_eq!(sealed["state"], "sealed");

    let params = json!({ "sector": sector.reference(), "ticket": TICKET_A });
    let size = call("synthetic-proofs", params.clone()).unwrap()["size"].clone();
    assert_eq!(size, fs::metadata(sector.cache().join(FILE)).unwrap().len());
    assert!(sector.c1(TICKET_A, SEED, &sealed).is_ok());

    let interactive = Sector::new();
    interactive.seal(TICKET_A);
    let params = json!({ "sector": interactive.reference(), "ticket": TICKET_A });
    assert_eq!(code(call("synthetic-proofs", params)), Code::BadRequest);
}
