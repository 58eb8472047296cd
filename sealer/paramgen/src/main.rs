//! `beepro-paramgen`: lists and generates parameter files by hand; JSON lines on stdout.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{bail, Context, Result};
use beepro_paramgen::{generate, list, Kind};
use serde_json::json;

const USAGE: &str = "usage:
  beepro-paramgen list --dir DIR
  beepro-paramgen generate --dir DIR --kind KIND [--sector-size BYTES] [--threads N]
KIND: porep, winning-post, window-post, empty-sector-update, srs";

fn main() -> ExitCode {
    match run(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{}", json!({ "event": "error", "message": format!("{error:#}") }));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let (mut dir, mut kind, mut size, mut threads) = (None, None, 2048, default_threads());
    let mut rest = arguments.get(1..).unwrap_or_default().iter();
    while let Some(name) = rest.next() {
        let value = rest.next().with_context(|| format!("{name} needs a value\n{USAGE}"))?;
        match name.as_str() {
            "--dir" => dir = Some(PathBuf::from(value)),
            "--kind" => kind = Some(value.parse::<Kind>().map_err(anyhow::Error::msg)?),
            "--sector-size" => size = value.parse().context("--sector-size is in bytes")?,
            "--threads" => threads = value.parse().context("--threads is a number")?,
            _ => bail!("unknown option {name}\n{USAGE}"),
        }
    }
    let command = arguments.first().map(String::as_str);
    match (command, dir, kind) {
        (Some("list"), Some(dir), None) => {
            for set in list(&dir)? {
                println!("{}", serde_json::to_string(&set)?);
            }
            Ok(())
        }
        (Some("generate"), Some(dir), Some(kind)) => {
            let outcome = generate(kind, size, &dir, threads, &|progress| {
                println!("{}", json!({ "event": "progress", "progress": progress }));
            })?;
            println!("{}", json!({ "event": "done", "result": outcome }));
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}

fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |n| n.get())
}
