//! What needs parameters. Runs when `BEEPRO_SEALER_TEST_SNARKS` is set; the parameters of 2 KiB
//! lie in `FIL_PROOFS_PARAMETER_CACHE` then.

use serde_json::{json, Value};

use crate::post::stored;
use crate::support::*;

fn wanted() -> bool {
    std::env::var_os("BEEPRO_SEALER_TEST_SNARKS").is_some()
}

fn flipped(proof: &Value) -> Value {
    let mut bytes = hex::decode(proof.as_str().unwrap()).unwrap();
    bytes[10] ^= 1;
    json!(hex::encode(bytes))
}

#[test]
fn a_sector_is_proven_and_proofs_are_aggregated() {
    if !wanted() {
        return;
    }
    let sector = Sector::new();
    let sealed = sector.seal(TICKET_A);
    let c1 = sector.c1(TICKET_A, SEED, &sealed).unwrap()["c1"].clone();
    let made = call("commit-2", json!({ "miner": 1000, "number": 1, "c1": c1 })).unwrap();
    let verify = |proof: &Value, comm_r: &Value| {
        call(
            "verify-seal",
            json!({
                "miner": 1000, "number": 1, "proof_type": 5, "ticket": TICKET_A, "seed": SEED,
                "comm_r": comm_r, "comm_d": sealed["comm_d"], "proof": proof,
            }),
        )
        .unwrap()["valid"]
            .clone()
    };
    assert_eq!(verify(&made["proof"], &sealed["comm_r"]), true);
    assert_eq!(verify(&made["proof"], &json!(OTHER)), false);
    assert_eq!(verify(&flipped(&made["proof"]), &sealed["comm_r"]), false);
    assert_eq!(verify(&json!("00"), &sealed["comm_r"]), false);

    // One proof twice stands for two sectors: an aggregate has at least two.
    let proven = json!({ "comm_r": sealed["comm_r"], "seed": SEED, "proof": made["proof"] });
    let aggregate = call(
        "aggregate",
        json!({ "proof_type": 5, "sectors": [proven, proven] }),
    )
    .unwrap();
    let public = json!({
        "number": 1, "comm_r": sealed["comm_r"], "comm_d": sealed["comm_d"],
        "ticket": TICKET_A, "seed": SEED,
    });
    let verify = |sectors: Value| {
        call(
            "verify-aggregate",
            json!({
                "miner": 1000, "proof_type": 5, "sectors": sectors, "proof": aggregate["proof"],
            }),
        )
        .unwrap()["valid"]
            .clone()
    };
    assert_eq!(verify(json!([public, public])), true);
    let mut other = public.clone();
    other["seed"] = json!(OTHER);
    assert_eq!(verify(json!([public, other])), false);
}

#[test]
fn window_post_whole_by_partition_and_from_vanilla() {
    if !wanted() {
        return;
    }
    let stored = stored();
    let whole = call("window-post", stored.params(10)).unwrap();
    assert_eq!(whole["partitions"], 2);
    let verify = |proof: &Value| {
        let sectors: Vec<Value> = stored
            .references
            .as_array()
            .unwrap()
            .iter()
            .map(|sector| json!({ "number": sector["number"], "comm_r": sector["comm_r"] }))
            .collect();
        call(
            "verify-window-post",
            json!({
                "miner": 1000, "post_proof": 10, "randomness": OTHER, "sectors": sectors,
                "proof": proof,
            }),
        )
        .unwrap()["valid"]
            .clone()
    };
    assert_eq!(verify(&whole["proof"]), true);
    assert_eq!(verify(&flipped(&whole["proof"])), false);

    let vanilla: Vec<Value> = (1..=3).map(|number| stored.vanilla(10, number)).collect();
    let reversed: Vec<&Value> = vanilla.iter().rev().collect();
    let from_vanilla = call(
        "window-post-from-vanilla",
        json!({ "miner": 1000, "post_proof": 10, "randomness": OTHER, "vanilla": reversed }),
    )
    .unwrap();
    assert_eq!(verify(&from_vanilla["proof"]), true);

    let partitions: Vec<Value> = [&vanilla[..2], &vanilla[2..]]
        .iter()
        .enumerate()
        .map(|(partition, vanilla)| {
            call(
                "window-post-partition",
                json!({
                    "miner": 1000, "post_proof": 10, "randomness": OTHER,
                    "partition": partition, "vanilla": vanilla,
                }),
            )
            .unwrap()["partition_proof"]
                .clone()
        })
        .collect();
    let merged = call(
        "window-post-merge",
        json!({ "post_proof": 10, "partition_proofs": partitions }),
    )
    .unwrap();
    assert_eq!(verify(&merged["proof"]), true);
}

#[test]
fn winning_post() {
    if !wanted() {
        return;
    }
    let stored = stored();
    let challenge = call(
        "winning-post-challenge",
        json!({ "miner": 1000, "post_proof": 0, "randomness": OTHER, "sector_count": 3 }),
    )
    .unwrap();
    let index = challenge["indices"][0].as_u64().unwrap() as usize;
    let sector = &stored.references[index];
    let mut params = stored.params(0);
    params["sectors"] = json!([sector]);
    let made = call("winning-post", params).unwrap();
    let verified = call(
        "verify-winning-post",
        json!({
            "miner": 1000, "post_proof": 0, "randomness": OTHER, "proof": made["proof"],
            "sectors": [{ "number": sector["number"], "comm_r": sector["comm_r"] }],
        }),
    )
    .unwrap();
    assert_eq!(verified["valid"], true);
}

#[test]
fn an_update_is_proven() {
    if !wanted() {
        return;
    }
    let sector = Sector::new();
    sector.seal(TICKET_A);
    let pieces = sector.add_data(&payload(SECTOR_PAYLOAD as usize, 7));
    let encoded = call(
        "update-encode",
        json!({ "sector": sector.reference(), "update_proof": 0, "pieces": pieces }),
    )
    .unwrap();
    let mut params = json!({
        "update_proof": 0, "comm_r_old": encoded["comm_r_old"],
        "comm_r_new": encoded["comm_r_new"], "comm_d_new": encoded["comm_d_new"],
    });
    let mut prove = params.clone();
    prove["sector"] = sector.reference();
    let made = call("update-prove", prove).unwrap();
    params["proof"] = made["proof"].clone();
    assert_eq!(
        call("verify-update", params.clone()).unwrap()["valid"],
        true
    );
    params["comm_r_new"] = encoded["comm_r_old"].clone();
    assert_eq!(call("verify-update", params).unwrap()["valid"], false);
}
