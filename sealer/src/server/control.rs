//! Control ops: answered at once.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::Deserialize;
use serde_json::{json, Value};

use crate::error::{Code, Outcome, SealError};
use crate::lock::guard;
use crate::machine;
use crate::params;
use crate::process;
use crate::server::connection::Connection;
use crate::server::dispatch::Server;
use crate::server::journal::{Entry, Recorded};
use crate::server::protocol::{merge, now_ms, require_id, End, Ending, Request};
use crate::server::PROTOCOL;

pub const NAMES: [&str; 7] = [
    "version",
    "capabilities",
    "params",
    "list",
    "attach",
    "forget",
    "shutdown",
];

pub fn is_control(op: &str) -> bool {
    NAMES.contains(&op)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Params {
    #[serde(default)]
    digests: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RunName {
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shutdown {
    #[serde(default)]
    when: When,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum When {
    #[default]
    Idle,
    Now,
}

pub fn answer(
    server: &Arc<Server>,
    connection: &Arc<Connection>,
    request: &Request,
) -> Outcome<()> {
    if matches!(request.op.as_str(), "attach" | "forget" | "shutdown") {
        server.fence.check(request.epoch)?;
    }
    let result = match request.op.as_str() {
        "version" => parse(request).map(|Nothing {}| version())?,
        "capabilities" => parse(request).map(|Nothing {}| capabilities(server))?,
        "params" => {
            let Params { digests } = parse(request)?;
            json!({ "directory": params::directory(), "files": params::list(digests)? })
        }
        "list" => {
            let Nothing {} = parse(request)?;
            list(server)?
        }
        "attach" => {
            let RunName { id } = parse(request)?;
            return attach(server, connection, &id);
        }
        "forget" => {
            let RunName { id } = parse(request)?;
            json!({ "forgotten": forget(server, &id)? })
        }
        _ => {
            let Shutdown { when } = parse(request)?;
            server.stop_when_idle();
            reply(connection, request, json!({ "stopping": true }));
            if when == When::Now {
                log::info!("shut down by request");
                std::process::exit(0);
            }
            return Ok(());
        }
    };
    reply(connection, request, result);
    if request.op == "forget" {
        server.forgotten();
    }
    Ok(())
}

fn reply(connection: &Arc<Connection>, request: &Request, result: Value) {
    connection.send(&End::immediate(&request.id, &request.op, Ok(result)).event(false));
}

fn parse<T: DeserializeOwned>(request: &Request) -> Outcome<T> {
    serde_json::from_value(request.params.clone())
        .map_err(|error| SealError::bad_request(format!("{}: {error}", request.op)))
}

/// Answer of op and command `version`.
pub fn version() -> Value {
    let mut version = json!({
        "protocol": PROTOCOL,
        "program": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
        "proofs_version": "19.1.0",
        "features": machine::features(),
    });
    merge(&mut version, json!(process::identity()));
    version
}

fn capabilities(server: &Server) -> Value {
    let mut capabilities = version();
    merge(&mut capabilities, machine::capabilities());
    capabilities["ops"] = json!(server.op_names());
    capabilities
}

fn list(server: &Server) -> Outcome<Value> {
    // Under the lock, so that no run ends between the two looks.
    let running = guard(&server.running);
    let runs: Vec<Value> = server
        .journal
        .list()?
        .into_iter()
        .map(|recorded| describe(&recorded, running.get(&recorded.0.id).is_some()))
        .collect();
    Ok(json!({ "runs": runs, "epoch": server.fence.highest() }))
}

fn describe((entry, end): &Recorded, running: bool) -> Value {
    let (state, elapsed_ms) = match end {
        None if running => ("running", now_ms().saturating_sub(entry.started_at)),
        None => ("interrupted", 0),
        Some(end) => match end.ending {
            Ending::Result(_) => ("done", end.elapsed_ms),
            Ending::Error(_) => ("failed", end.elapsed_ms),
        },
    };
    let mut run = json!({
        "id": entry.id,
        "op": entry.op,
        "state": state,
        "started_at": entry.started_at,
        "elapsed_ms": elapsed_ms,
    });
    for name in ["miner", "number", "dir"] {
        let sector = &entry.params["sector"];
        let value = if sector[name].is_null() {
            &entry.params[name]
        } else {
            &sector[name]
        };
        if !value.is_null() {
            run[name] = value.clone();
        }
    }
    run
}

fn attach(server: &Server, connection: &Arc<Connection>, id: &str) -> Outcome<()> {
    require_id(id)?;
    let running = guard(&server.running);
    if let Some(run) = running.get(id) {
        run.listen(connection);
        return Ok(());
    }
    match server.journal.find(id) {
        None => Err(unknown(id)),
        Some((_, Some(end))) => {
            connection.send(&end.event(true));
            Ok(())
        }
        Some((entry, None)) => {
            let Entry { op, started_at, .. } = entry;
            let error = SealError::new(
                Code::Interrupted,
                format!("run {id} ({op}) ended with the process that ran it"),
            );
            let mut end = End::immediate(id, &op, Err(error));
            end.started_at = started_at;
            connection.send(&end.event(true));
            Ok(())
        }
    }
}

fn forget(server: &Server, id: &str) -> Outcome<bool> {
    require_id(id)?;
    let running = guard(&server.running);
    if running.get(id).is_some() {
        return Err(SealError::new(
            Code::StillRunning,
            format!("run {id} has not ended"),
        ));
    }
    server.journal.forget(id)
}

fn unknown(id: &str) -> SealError {
    SealError::new(Code::UnknownId, format!("no run {id}"))
}
