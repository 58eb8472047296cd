//! Commit 2 with the 2 KiB parameters of the parameter cache, through the unpatched library.

mod common;

use filecoin_proofs_api::seal::{seal_commit_phase2, verify_seal};

/// Needs `beepro-paramgen generate --kind porep` first (1.1 GB), and takes 100 CPU-seconds:
/// `cargo test --release -p beepro-paramgen --test commit2 -- --ignored`.
#[test]
#[ignore = "needs the 2 KiB PoRep parameters and 100 CPU-seconds"]
fn a_sealed_sector_verifies() {
    let dir = tempfile::tempdir().expect("a folder");
    let sealed = common::seal(dir.path(), 4);
    let committed = seal_commit_phase2(sealed.commit1(), common::PROVER, sealed.sector);
    let proof = committed.expect("commit 2").proof;
    let verify = |comm_r| {
        verify_seal(
            common::PROOF,
            comm_r,
            sealed.output.comm_d,
            common::PROVER,
            sealed.sector,
            common::TICKET,
            common::SEED,
            &proof,
        )
        .expect("verifiable")
    };
    assert!(verify(sealed.output.comm_r));
    let mut other = sealed.output.comm_r;
    other[0] ^= 1;
    assert!(!verify(other), "another replica");
}
