//! `self-test`: a 2 KiB sector through the phases that need no parameters, compared with the
//! values every correct build gives.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{json, Value};

use crate::error::{Code, Outcome, SealError};
use crate::files;
use crate::ops::{add_piece, check, commit1, pre_commit1, pre_commit2, unseal};
use crate::run::RunContext;
use crate::scratch::Scratch;
use crate::values::{AbsPath, Bytes32};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Params {
    dir: AbsPath,
}

#[derive(Debug, Serialize)]
pub struct Answer {
    pub ok: bool,
    pub comm_r: Bytes32,
}

/// CommR of the sector below; any build and machine must find it.
const COMM_R: &str = "f440fbfd325af3ec19c7414d90509d1837deddd02ba02b099d235e031af56f24";

pub fn run(context: &RunContext, params: Params) -> Outcome<Answer> {
    let scratch = Scratch::create(params.dir.as_path(), "self-test")?;
    seal_and_unseal(context, scratch.path())
}

fn seal_and_unseal(context: &RunContext, directory: &Path) -> Outcome<Answer> {
    let payload: Vec<u8> = (0..2032u32).map(|index| (index * 7 % 251) as u8).collect();
    let source = directory.join("payload");
    files::write_atomically(&source, &payload)?;
    let sector = json!({ "miner": 1000, "number": 1, "proof": 5, "dir": directory });
    let (ticket, seed) = (Bytes32([1; 32]), Bytes32([2; 32]));

    let added = add_piece::run(
        context,
        parse(json!({ "sector": sector, "pieces": [{ "path": source }] }))?,
    )?;
    let pieces: Vec<Value> = added
        .pieces
        .iter()
        .map(|piece| json!({ "padded_size": piece.padded_size, "comm_p": piece.comm_p }))
        .collect();
    pre_commit1::run(
        context,
        parse(json!({ "sector": sector, "ticket": ticket, "pieces": pieces }))?,
    )?;
    let sealed = pre_commit2::run(
        context,
        parse(json!({ "sector": sector, "ticket": ticket }))?,
    )?;
    if format!("{:?}", sealed.comm_r) != COMM_R {
        return Err(SealError::new(
            Code::DataMismatch,
            format!("CommR is {:?}, {COMM_R} expected", sealed.comm_r),
        ));
    }
    let (comm_r, comm_d) = (sealed.comm_r, sealed.comm_d);
    check::run(
        context,
        parse(json!({ "sector": sector, "ticket": ticket, "comm_r": comm_r }))?,
    )?;
    commit1::run(
        context,
        parse(json!({
            "sector": sector, "ticket": ticket, "seed": seed,
            "comm_r": comm_r, "comm_d": comm_d,
        }))?,
    )?;
    let out = directory.join("out");
    unseal::run(
        context,
        parse(json!({
            "miner": 1000, "number": 1, "proof": 5, "sealed": directory.join("sealed"),
            "ticket": ticket, "comm_d": comm_d, "out": out, "scratch": directory,
        }))?,
    )?;
    if fs::read(&out).map_err(|error| SealError::io(&out, &error))? != payload {
        return Err(SealError::new(
            Code::DataMismatch,
            "the unsealed bytes are not those that were sealed",
        ));
    }
    Ok(Answer { ok: true, comm_r })
}

fn parse<T: serde::de::DeserializeOwned>(value: Value) -> Outcome<T> {
    serde_json::from_value(value).map_err(|error| SealError::bad_request(error.to_string()))
}
