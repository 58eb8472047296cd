//! The protocol: journal, idempotence, fencing, faults, the daemon.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{json, Value};

use crate::program::*;
use crate::support::*;

#[test]
fn a_client_is_greeted_and_bad_lines_are_answered() {
    let process = Process::start();
    let mut client = process.connect();
    assert_eq!(client.hello["protocol"], 1);
    assert_eq!(client.hello["program"], "beepro-sealer");

    for (line, id) in [
        ("rubbish", Value::Null),
        (r#"{"op":"version"}"#, Value::Null),
        (r#"{"id":"../x","op":"version"}"#, Value::Null),
        (r#"{"id":"a","op":"fly"}"#, json!("a")),
        (r#"{"id":"a","op":"version","params":{"x":1}}"#, json!("a")),
        (r#"{"id":"a","op":"version","surprise":1}"#, json!("a")),
    ] {
        client.send_line(line);
        let event = client.next().unwrap();
        assert_eq!(event["id"], id, "{line}");
        assert_eq!(event["error"]["code"], "bad_request", "{line}");
    }
    assert_eq!(
        client.ask("v", "version", json!({}))["result"]["proofs_version"],
        "19.1.0"
    );
}

#[test]
fn a_sector_is_sealed_over_the_socket() {
    let process = Process::start();
    let sector = Sector::new();
    let mut client = process.connect();
    let pc1 = client.ask(
        "r1",
        "pre-commit-1",
        sector.pc1_params(TICKET_A, &json!([])),
    );
    assert_eq!(pc1["event"], "result", "{pc1}");
    let pc2 = client.ask("r2", "pre-commit-2", sector.pc2_params(TICKET_A));
    assert_eq!(pc2["result"], Sector::new().seal(TICKET_A));
}

#[test]
fn the_same_id_never_runs_twice() {
    let process = Process::start();
    let sector = Sector::new();
    sector.pc1(TICKET_A, &json!([])).unwrap();
    let mut client = process.connect();
    let first = client.ask("r", "pre-commit-2", sector.pc2_params(TICKET_A));
    assert_eq!(first["replayed"], false);
    let replicas = sector.snapshot();

    // The agent has crashed and asks again, over another connection; so does one that attaches.
    let mut other = process.connect();
    let second = other.ask("r", "pre-commit-2", sector.pc2_params(TICKET_A));
    assert_eq!(second["replayed"], true);
    assert_eq!(second["result"], first["result"]);
    assert_eq!(
        other.ask("r", "attach", json!({ "id": "r" }))["result"],
        first["result"]
    );
    assert_eq!(sector.snapshot(), replicas);

    let conflict = other.ask("r", "pre-commit-2", sector.pc2_params(TICKET_B));
    assert_eq!(conflict["error"]["code"], "id_conflict");
    // A stored failure is final too; a new try takes a new id.
    let failed = other.ask("s", "pre-commit-2", sector.pc2_params(TICKET_A));
    assert_eq!(failed["error"]["code"], "replica_not_fresh");
    let again = other.ask("s", "pre-commit-2", sector.pc2_params(TICKET_A));
    assert_eq!(again["replayed"], true);
    assert_eq!(again["error"], failed["error"]);
}

#[test]
fn a_stored_result_outlives_the_process() {
    let process = Process::start();
    let sector = Sector::new();
    let params = sector.pc1_params(TICKET_A, &json!([]));
    let first = process.connect().ask("r", "pre-commit-1", params.clone());
    let process = Process::start_in(process.kill(), &[], &[]);
    let mut client = process.connect();
    let again = client.ask("r", "pre-commit-1", params);
    assert_eq!(again["replayed"], true);
    assert_eq!(again["result"], first["result"]);

    let list = client.ask("l", "list", json!({}))["result"].clone();
    assert_eq!(list["runs"][0]["id"], "r");
    assert_eq!(list["runs"][0]["state"], "done");
    assert_eq!(list["runs"][0]["number"], 1);
    assert_eq!(
        client.ask("f", "forget", json!({ "id": "r" }))["result"]["forgotten"],
        true
    );
    assert_eq!(
        client.ask("g", "forget", json!({ "id": "r" }))["result"]["forgotten"],
        false
    );
    let gone = client.ask("r", "attach", json!({ "id": "r" }));
    assert_eq!(gone["error"]["code"], "unknown_id");
}

fn faulty(fault: &str) -> Process {
    Process::start_in(
        tempfile::tempdir().unwrap(),
        &["--allow-faults"],
        &[("BEEPRO_SEALER_FAULT", fault)],
    )
}

#[test]
fn a_result_is_stored_before_it_is_reported() {
    let process = faulty("crash@pre-commit-1:stored");
    let sector = Sector::new();
    let params = sector.pc1_params(TICKET_A, &json!([]));
    let mut client = process.connect();
    client.send(&json!({ "id": "r", "op": "pre-commit-1", "params": params }));
    assert!(client.end("r").is_none(), "reported though it was to crash");
    let process = Process::start_in(process.wait().1, &[], &[]);
    let attached = process.connect().ask("r", "attach", json!({ "id": "r" }));
    assert_eq!(attached["event"], "result");
    assert_eq!(attached["replayed"], true);
}

#[test]
fn a_killed_pc2_is_interrupted_and_its_replica_not_fresh() {
    let sector = Sector::new();
    sector.pc1(TICKET_A, &json!([])).unwrap();
    let process = faulty("crash@pre-commit-2:touched");
    let params = sector.pc2_params(TICKET_A);
    let mut client = process.connect();
    client.send(&json!({ "id": "r", "op": "pre-commit-2", "params": params }));
    assert!(client.end("r").is_none());

    let process = Process::start_in(process.wait().1, &[], &[]);
    let mut client = process.connect();
    let list = client.ask("l", "list", json!({}))["result"].clone();
    assert_eq!(list["runs"][0]["state"], "interrupted");
    let attached = client.ask("r", "attach", json!({ "id": "r" }));
    assert_eq!(attached["error"]["code"], "interrupted");
    let again = client.ask("r", "pre-commit-2", params.clone());
    assert_eq!(again["error"]["code"], "replica_not_fresh");

    client.ask("p", "pre-commit-1", sector.pc1_params(TICKET_A, &json!([])));
    let right = client.ask("q", "pre-commit-2", params);
    assert_eq!(right["result"], Sector::new().seal(TICKET_A));
}

#[test]
fn a_panic_is_an_answer() {
    let process = faulty("panic@pre-commit-1:computed");
    let mut client = process.connect();
    let sector = Sector::new();
    let answer = client.ask("r", "pre-commit-1", sector.pc1_params(TICKET_A, &json!([])));
    assert_eq!(answer["error"]["code"], "panic");
    assert_eq!(answer["error"]["message"], "injected panic");
    // The lock is free again and the process serves on.
    let pc2 = client.ask("s", "pre-commit-2", sector.pc2_params(TICKET_A));
    assert_eq!(pc2["error"]["code"], "replica_not_fresh");
}

#[test]
fn rubbish_on_the_wire_can_be_injected() {
    let process = faulty("garbage@pre-commit-1:touched");
    let mut client = process.connect();
    let sector = Sector::new();
    let params = sector.pc1_params(TICKET_A, &json!([]));
    client.send(&json!({ "id": "r", "op": "pre-commit-1", "params": params }));
    let mut rubbish = 0;
    while let Some(line) = client.next_line() {
        match serde_json::from_str::<Value>(&line) {
            Ok(event) if event["event"] == "result" || event["event"] == "error" => break,
            Ok(_) => {}
            Err(_) => rubbish += 1,
        }
    }
    assert_eq!(rubbish, 1);
}

#[test]
fn a_running_run_can_be_joined_and_holds_its_sector() {
    let process = faulty("hang@pre-commit-1:touched");
    let sector = Sector::new();
    let params = sector.pc1_params(TICKET_A, &json!([]));
    let request = json!({ "id": "r", "op": "pre-commit-1", "params": params });
    let mut client = process.connect();
    client.send(&request);
    assert_eq!(client.next().unwrap()["event"], "accepted");

    let mut other = process.connect();
    other.send(&request);
    assert_eq!(other.next().unwrap()["event"], "accepted");
    let list = other.ask("l", "list", json!({}))["result"].clone();
    assert_eq!(list["runs"][0]["state"], "running");
    let forget = other.ask("f", "forget", json!({ "id": "r" }));
    assert_eq!(forget["error"]["code"], "still_running");

    // The hanging run has the lock once its marker's removal is to be seen; another process is
    // refused like another run of this one.
    let started = Instant::now();
    while !sector.cache().join("beepro-key.json").exists() {
        assert!(started.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(5));
    }
    let busy = other.ask("s", "pre-commit-2", sector.pc2_params(TICKET_A));
    assert_eq!(busy["error"]["code"], "sector_busy");
    let second = Process::start();
    let busy = second
        .connect()
        .ask("s", "pre-commit-2", sector.pc2_params(TICKET_A));
    assert_eq!(busy["error"]["code"], "sector_busy");
    drop(process);
    let free = second
        .connect()
        .ask("t", "pre-commit-2", sector.pc2_params(TICKET_A));
    assert_eq!(free["error"]["code"], "replica_not_fresh");
}

#[test]
fn only_the_highest_host_epoch_is_obeyed() {
    let process = Process::start();
    let sector = Sector::new();
    let mut client = process.connect();
    let mut ask = |id: &str, op: &str, epoch: u64, params: Value| {
        client.send(&json!({ "id": id, "op": op, "epoch": epoch, "params": params }));
        client.end(id).unwrap()
    };
    let params = sector.pc1_params(TICKET_A, &json!([]));
    assert_eq!(
        ask("r", "pre-commit-1", 7, params.clone())["event"],
        "result"
    );
    for (op, params) in [
        ("pre-commit-1", params.clone()),
        ("attach", json!({ "id": "r" })),
        ("forget", json!({ "id": "r" })),
        ("shutdown", json!({})),
    ] {
        let refused = ask("r", op, 6, params);
        assert_eq!(refused["error"]["code"], "stale_epoch", "{op}");
        assert_eq!(refused["error"]["data"]["highest"], 7);
    }
    // The agent's successor, with a higher epoch, gets the stored result.
    assert_eq!(ask("r", "pre-commit-1", 8, params)["replayed"], true);

    // Another server has not seen the epoch, but the sector's directory has.
    let other = Process::start();
    let mut client = other.connect();
    let params = sector.pc2_params(TICKET_A);
    client.send(&json!({ "id": "r", "op": "pre-commit-2", "epoch": 6, "params": params }));
    assert_eq!(client.end("r").unwrap()["error"]["code"], "stale_epoch");
}

#[test]
fn a_required_gpu_is_never_replaced_in_silence() {
    if beepro_sealer::gpu::BUILT {
        return;
    }
    let process = Process::start();
    let sector = Sector::new();
    sector.pc1(TICKET_A, &json!([])).unwrap();
    let before = sector.snapshot();
    let mut client = process.connect();
    let params = sector.pc2_params(TICKET_A);
    client.send(&json!({
        "id": "r", "op": "pre-commit-2", "require_gpu": true, "params": params,
    }));
    assert_eq!(client.end("r").unwrap()["error"]["code"], "gpu_lost");
    assert_eq!(sector.snapshot(), before);
    // The trap: without the requirement the CPU does it and says nothing.
    let silent = client.ask("s", "pre-commit-2", params);
    assert_eq!(silent["event"], "result");
}

/// Curve points that prove nothing: the generators of BLS12-381.
fn well_formed_proof() -> String {
    let g1 = "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58\
              6c55e83ff97a1aeffb3af00adb22c6bb";
    let g2 = "93e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049\
              334cf11213945d57e5ac7d055d042b7e024aa2b2f08f0a91260805272dc51051\
              c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8";
    [g1, g2, g1].concat()
}

#[test]
fn missing_parameters_have_their_own_code() {
    let empty = tempfile::tempdir().unwrap();
    let process = Process::start_in(
        tempfile::tempdir().unwrap(),
        &[],
        &[("FIL_PROOFS_PARAMETER_CACHE", empty.path().to_str().unwrap())],
    );
    let sector = Sector::new();
    let sealed = sector.seal(TICKET_A);
    let c1 = sector.c1(TICKET_A, SEED, &sealed).unwrap()["c1"].clone();
    let mut client = process.connect();
    let params = json!({ "miner": 1000, "number": 1, "c1": c1 });
    let answer = client.ask("r", "commit-2", params.clone());
    assert_eq!(answer["error"]["code"], "params_missing", "{answer}");
    assert_eq!(answer["error"]["data"]["directory"], json!(empty.path()));
    let verify = client.ask(
        "v",
        "verify-seal",
        json!({
            "miner": 1000, "number": 1, "proof_type": 5, "ticket": TICKET_A, "seed": SEED,
            "comm_r": sealed["comm_r"], "comm_d": sealed["comm_d"], "proof": well_formed_proof(),
        }),
    );
    assert_eq!(verify["error"]["code"], "params_missing", "{verify}");

    // Torn parameters: a file of the right name that ends in the middle.
    let message = answer["error"]["message"].as_str().unwrap();
    let path = message
        .split("failure finding ")
        .nth(1)
        .unwrap()
        .trim_end_matches(']');
    fs::write(path, payload(5000, 1)).unwrap();
    let answer = client.ask("s", "commit-2", params);
    assert_eq!(answer["error"]["code"], "params_corrupt", "{answer}");
}

#[test]
fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
    let directory = Process::start().kill();
    let process = Process::start_in(directory, &[], &[]);
    let second = command(process.directory.path()).output().unwrap();
    assert_eq!(second.status.code(), Some(3));
    let shared = process.directory.path().join("socket.state");
    let other = Command::new(BINARY)
        .args(["stdio", "--state"])
        .arg(shared)
        .output()
        .unwrap();
    assert_eq!(other.status.code(), Some(3));
    let daemon = command(process.directory.path())
        .arg("--daemonize")
        .output()
        .unwrap();
    assert_eq!(daemon.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&daemon.stdout).contains("in_use"));
}

#[test]
fn faults_need_their_switch() {
    let directory = tempfile::tempdir().unwrap();
    let refused = command(directory.path())
        .env("BEEPRO_SEALER_FAULT", "crash@pre-commit-1:touched")
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stdout).contains("--allow-faults"));
}

#[test]
fn a_server_ends_when_it_is_told_or_forgotten_or_idle() {
    let process = Process::start();
    process.connect().ask("s", "shutdown", json!({}));
    let (code, directory) = process.wait();
    assert_eq!(code, Some(0));
    assert!(!directory.path().join("socket").exists());

    let process = Process::start_in(directory, &["--exit-when-forgotten"], &[]);
    let mut client = process.connect();
    let sector = Sector::new();
    client.ask("r", "pre-commit-1", sector.pc1_params(TICKET_A, &json!([])));
    assert_eq!(
        client.ask("f", "forget", json!({ "id": "r" }))["event"],
        "result"
    );
    let (code, directory) = process.wait();
    assert_eq!(code, Some(0));

    let idle = command(directory.path())
        .args(["--idle-exit-s", "0"])
        .output()
        .unwrap();
    assert_eq!(idle.status.code(), Some(0));
}

#[test]
fn a_daemon_outlives_its_starter() {
    let directory = tempfile::tempdir().unwrap();
    let started = command(directory.path())
        .arg("--daemonize")
        .output()
        .unwrap();
    assert!(started.status.success());
    let line: Value = serde_json::from_slice(&started.stdout).unwrap();
    let mut client = connect(directory.path());
    for field in ["pid", "start_time", "boot_id", "instance"] {
        assert_eq!(line[field], client.hello[field], "{field}");
    }
    // Its parent is not this process, nor the one that has ended; its session is its own.
    let stat = fs::read_to_string(format!("/proc/{}/stat", line["pid"])).unwrap();
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    assert_ne!(fields[1], std::process::id().to_string());
    let own = fs::read_to_string("/proc/self/stat").unwrap();
    let own: Vec<&str> = own.rsplit_once(')').unwrap().1.split_whitespace().collect();
    assert_ne!(fields[3], own[3]);
    client.ask("s", "shutdown", json!({ "when": "now" }));

    let second = tempfile::tempdir().unwrap();
    fs::write(second.path().join("socket"), "no socket").unwrap();
    let failed = command(second.path()).arg("--daemonize").output().unwrap();
    assert_eq!(failed.status.code(), Some(1));
    let line: Value = serde_json::from_slice(&failed.stdout).unwrap();
    assert_eq!(line["error"]["code"], "bad_request");
}

#[test]
fn by_hand_over_stdin() {
    let sector = Sector::new();
    let params = sector.pc1_params(TICKET_A, &json!([]));
    let request = json!({ "id": "r", "op": "pre-commit-1", "params": params }).to_string();
    let input = sector.path("input");
    fs::write(&input, request).unwrap();
    let output = Command::new(BINARY)
        .arg("stdio")
        .stdin(fs::File::open(input).unwrap())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!(last["event"], "result");
}

#[test]
fn the_self_test_passes() {
    let output = Command::new(BINARY).arg("self-test").output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}
