//! Requests and events on the wire.

use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};

use crate::error::{Outcome, SealError};
use crate::process;
use crate::server::PROTOCOL;
use crate::values::Bytes32;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    pub id: String,
    pub op: String,
    #[serde(default)]
    pub epoch: u64,
    #[serde(default)]
    pub require_gpu: bool,
    #[serde(default = "no_params")]
    pub params: Value,
}

fn no_params() -> Value {
    json!({})
}

impl Request {
    /// Parses a line. On failure also the id, if the line has a usable one.
    pub fn parse(line: &[u8]) -> Result<Self, (Option<String>, SealError)> {
        let value: Value = serde_json::from_slice(line)
            .map_err(|error| (None, SealError::bad_request(format!("not JSON: {error}"))))?;
        let id = value["id"].as_str().map(str::to_string);
        let request: Request = serde_json::from_value(value)
            .map_err(|error| (id, SealError::bad_request(error.to_string())))?;
        match require_id(&request.id) {
            Ok(()) => Ok(request),
            Err(error) => Err((None, error)),
        }
    }

    /// Two requests with one digest are the same request, whoever sends them.
    pub fn digest(&self) -> Bytes32 {
        // serde_json sorts the keys of an object.
        let text = json!([self.op, self.require_gpu, self.params]).to_string();
        Bytes32(Sha256::digest(text).into())
    }
}

/// Ids name files of the journal.
pub fn require_id(id: &str) -> Outcome<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if id.is_empty() || id.len() > 128 || id.starts_with('.') || !id.chars().all(allowed) {
        return Err(SealError::bad_request(
            "id: expected 1 to 128 of A-Z a-z 0-9 . _ -, not beginning with a dot",
        ));
    }
    Ok(())
}

pub fn hello() -> Value {
    let mut hello = json!({
        "event": "hello",
        "protocol": PROTOCOL,
        "program": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
    });
    merge(&mut hello, json!(process::identity()));
    hello
}

pub fn merge(target: &mut Value, source: Value) {
    if let (Value::Object(target), Value::Object(source)) = (target, source) {
        target.extend(source);
    }
}

/// How a run ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Result(Value),
    Error(SealError),
}

/// The end of a run, as journalled and as reported.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct End {
    pub id: String,
    pub op: String,
    /// Milliseconds since 1970.
    pub started_at: u64,
    pub elapsed_ms: u64,
    pub warnings: Vec<String>,
    pub ending: Ending,
}

impl End {
    pub fn event(&self, replayed: bool) -> Value {
        let mut event = json!({
            "id": self.id,
            "op": self.op,
            "started_at": self.started_at,
            "elapsed_ms": self.elapsed_ms,
            "replayed": replayed,
        });
        match &self.ending {
            Ending::Result(result) => {
                event["event"] = json!("result");
                event["result"] = result.clone();
                event["warnings"] = json!(self.warnings);
            }
            Ending::Error(error) => {
                event["event"] = json!("error");
                event["error"] = json!(error);
            }
        }
        event
    }

    /// The end of a request that was answered at once.
    pub fn immediate(id: &str, op: &str, outcome: Outcome<Value>) -> Self {
        End {
            id: id.to_string(),
            op: op.to_string(),
            started_at: now_ms(),
            elapsed_ms: 0,
            warnings: Vec::new(),
            ending: match outcome {
                Ok(result) => Ending::Result(result),
                Err(error) => Ending::Error(error),
            },
        }
    }
}

pub fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_leave_the_journal() {
        for good in ["a", "run-8f2c.1_2", &"x".repeat(128)] {
            assert!(require_id(good).is_ok(), "{good}");
        }
        for bad in ["", ".", "..", ".a", "a/b", "a b", "ä", &"x".repeat(129)] {
            assert!(require_id(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_digest_is_of_the_request_not_of_its_spelling() {
        let parse = |text: &str| Request::parse(text.as_bytes()).unwrap();
        let one = parse(r#"{"id":"a","op":"x","params":{"p":1,"q":2},"epoch":1}"#);
        let same = parse(r#"{"epoch":2,"params":{"q":2,"p":1},"op":"x","id":"b"}"#);
        let other = parse(r#"{"id":"a","op":"x","params":{"p":1,"q":3}}"#);
        assert_eq!(one.digest(), same.digest());
        assert_ne!(one.digest(), other.digest());
    }

    #[test]
    fn a_bad_line_keeps_its_id_where_it_has_one() {
        let (id, error) = Request::parse(br#"{"id":"a","opp":"x"}"#).unwrap_err();
        assert_eq!(id.as_deref(), Some("a"));
        assert_eq!(error.code, crate::error::Code::BadRequest);
        assert!(Request::parse(b"rubbish").unwrap_err().0.is_none());
        assert!(Request::parse(br#"{"id":"../a","op":"x"}"#)
            .unwrap_err()
            .0
            .is_none());
    }
}
