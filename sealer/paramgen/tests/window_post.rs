//! Generated window PoSt parameters, through the whole of the unpatched proofs library.

mod common;

use std::collections::BTreeMap;

use beepro_paramgen::{file_names, generate, list, records, Kind, Origin, Outcome};
use filecoin_proofs_api::post::{generate_window_post, verify_window_post};
use filecoin_proofs_api::{PrivateReplicaInfo, PublicReplicaInfo, RegisteredPoStProof};

const SIZE: u64 = 2048;
const PROOF: RegisteredPoStProof = RegisteredPoStProof::StackedDrgWindow2KiBV1_2;

// One test in this file: the library reads the folder's name from the environment once a process.
#[test]
fn proofs_made_with_generated_parameters_verify() {
    let dir = tempfile::tempdir().expect("a folder");
    let params = dir.path().join("params");
    std::env::set_var("FIL_PROOFS_PARAMETER_CACHE", &params);

    let progress = std::sync::Mutex::new(Vec::new());
    let outcome = generate(Kind::WindowPost, SIZE, &params, 2, &|p| {
        progress.lock().expect("a log").push(p);
    });
    assert!(
        matches!(outcome.expect("parameters"), Outcome::Generated { files } if files.len() == 3)
    );
    let progress = progress.into_inner().expect("a log");
    assert!(progress.windows(2).all(|w| w[0].fraction <= w[1].fraction));
    assert_eq!(progress.last().expect("some progress").fraction, 1.0);

    let replicas: Vec<_> = [5, 6, 7].map(|n| common::seal(dir.path(), n)).into();
    let private: BTreeMap<_, _> = replicas
        .iter()
        .map(|s| {
            let (cache, replica) = (s.cache.clone(), s.replica.clone());
            let info = PrivateReplicaInfo::new(PROOF, s.output.comm_r, cache, replica);
            (s.sector, info)
        })
        .collect();
    let public: BTreeMap<_, _> = replicas
        .iter()
        .map(|s| (s.sector, PublicReplicaInfo::new(PROOF, s.output.comm_r)))
        .collect();
    let randomness = [9; 32];
    let proofs = generate_window_post(&randomness, &private, common::PROVER).expect("a proof");
    let proofs: Vec<_> = proofs.iter().map(|(kind, p)| (*kind, &p[..])).collect();
    let verify = |randomness| verify_window_post(randomness, &proofs, &public, common::PROVER);
    assert!(verify(&randomness).expect("verifiable"));
    assert!(!verify(&[8; 32]).expect("verifiable"), "other challenges");

    // A second run finds the set complete and touches nothing.
    let names = file_names(Kind::WindowPost, SIZE).expect("names");
    let modified = |name: &str| {
        let metadata = std::fs::metadata(params.join(name)).expect("a file");
        metadata.modified().expect("a time")
    };
    let before = modified(&names.params);
    let again = generate(Kind::WindowPost, SIZE, &params, 2, &|_| ()).expect("nothing to do");
    assert!(matches!(again, Outcome::Present { files } if files.len() == 3));
    assert_eq!(modified(&names.params), before);

    // What an interrupted run left is removed; a set that lacks a file is made anew.
    let vk = names.vk.clone().expect("a verifying key");
    std::fs::remove_file(params.join(&vk)).expect("removed");
    std::fs::write(params.join(".beepro-tmp-half"), b"half").expect("written");
    generate(Kind::WindowPost, SIZE, &params, 2, &|_| ()).expect("parameters");
    assert!(!params.join(".beepro-tmp-half").exists());
    let bytes = std::fs::read(params.join(&names.params)).expect("a file");
    let key = std::fs::read(params.join(&vk)).expect("a file");
    assert!(bytes.starts_with(&key), "the set belongs together");

    // Every file is recorded, with the digest of what lies there.
    let recorded = records(&params).expect("records");
    for name in names.iter() {
        let record = &recorded[name];
        let bytes = std::fs::read(params.join(name)).expect("a file");
        assert_eq!(record.origin, Origin::Generated);
        assert_eq!(record.size, bytes.len() as u64);
        let digest = blake2b_simd::blake2b(&bytes).to_hex();
        assert_eq!(record.digest, digest[..32]);
    }
    let listed = list(&params).expect("a list");
    let set = listed
        .iter()
        .find(|set| set.kind == Kind::WindowPost && set.sector_size == SIZE)
        .expect("listed");
    assert!(set
        .files
        .iter()
        .all(|f| f.size.is_some() && f.record.is_some()));

    // A published key, whose parameters are missing, is not overwritten.
    let names = file_names(Kind::WinningPost, SIZE).expect("names");
    let vk = params.join(names.vk.as_ref().expect("a verifying key"));
    std::fs::write(&vk, b"published").expect("written");
    let error = generate(Kind::WinningPost, SIZE, &params, 2, &|_| ()).expect_err("refused");
    assert!(
        error.to_string().contains("was not generated here"),
        "{error}"
    );
    assert_eq!(std::fs::read(&vk).expect("a file"), b"published");

    let error = generate(Kind::WindowPost, 1 << 35, &params, 2, &|_| ()).expect_err("refused");
    assert!(
        error.to_string().contains("not generated, only fetched"),
        "{error}"
    );
}
