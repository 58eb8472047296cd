//! The commands `list`, `generate` and `remove`, which print JSON lines.
//!
//! `generate` prints `{"event":"progress","phase","fraction","elapsed_ms"}` a few times a second
//! and at the end `{"event":"result","outcome":"generated"|"present","files":[…]}`; `list` prints
//! one set a line, `remove` the result `removed`. A failure is `{"event":"error","error":{"code","message"}}`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::{Context, Result};
use serde_json::{json, Value};

use crate::failure::{code_of, Failure};
use crate::{generate, list, remove, Kind};

pub const USAGE: &str = "usage:
  params list --dir DIR
  params generate --dir DIR --kind KIND [--sector-size BYTES] [--threads N]
  params remove --dir DIR --file NAME
KIND is porep, winning-post, window-post, empty-sector-update or srs.
Generated parameters are for test networks only.";

/// Runs a command; 0 when it is done, 1 when it failed, 2 when it is not understood.
pub fn run(arguments: &[String], out: &mut (impl Write + Send)) -> ExitCode {
    if arguments.iter().any(|a| a == "--help" || a == "-h") {
        return print_usage(out);
    }
    match execute(arguments, out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = code_of(&error);
            let message = format!("{error:#}");
            let line = json!({ "event": "error", "error": { "code": code, "message": message } });
            // When stdout is gone there is nobody left to tell; the exit code still does.
            let _ = writeln!(out, "{line}");
            ExitCode::from(if code == "usage" { 2 } else { 1 })
        }
    }
}

fn print_usage(out: &mut impl Write) -> ExitCode {
    match writeln!(out, "{USAGE}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn usage(problem: String) -> anyhow::Error {
    Failure::Usage(format!("{problem}\n{USAGE}")).into()
}

fn number<T: std::str::FromStr>(option: &str, value: &str) -> Result<T> {
    value
        .parse()
        .map_err(|_| usage(format!("{option} takes a number, not {value:?}")))
}

fn execute(arguments: &[String], out: &mut (impl Write + Send)) -> Result<()> {
    let (mut dir, mut kind, mut size, mut file) = (None, None, None, None);
    let mut threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let mut rest = arguments.get(1..).unwrap_or_default().iter();
    while let Some(option) = rest.next() {
        let value = rest
            .next()
            .ok_or_else(|| usage(format!("{option} takes a value")))?;
        match option.as_str() {
            "--dir" => dir = Some(PathBuf::from(value)),
            "--file" => file = Some(value.clone()),
            "--kind" => kind = Some(value.parse::<Kind>().map_err(usage)?),
            "--sector-size" => size = Some(number(option, value)?),
            "--threads" => threads = number(option, value)?,
            _ => return Err(usage(format!("there is no option {option}"))),
        }
    }
    let dir = dir.ok_or_else(|| usage("--dir is missing".to_owned()));
    match arguments.first().map(String::as_str) {
        Some("list") => {
            for set in list(&dir?)? {
                writeln!(out, "{}", serde_json::to_string(&set)?)?;
            }
            Ok(())
        }
        Some("generate") => {
            let kind = kind.ok_or_else(|| usage("--kind is missing".to_owned()))?;
            let size = match (kind, size) {
                (Kind::Srs, _) => 0,
                (_, Some(size)) => size,
                (_, None) => return Err(usage("--sector-size is missing".to_owned())),
            };
            let lines = Mutex::new(out);
            let print = |mut line: Value, event: &str| -> Result<()> {
                line["event"] = event.into();
                let mut out = lines
                    .lock()
                    .map_err(|_| anyhow::anyhow!("a print panicked"))?;
                writeln!(out, "{line}").context("cannot print")?;
                out.flush().context("cannot print")
            };
            let outcome = generate(kind, size, &dir?, threads, &|progress| {
                // A reader that has gone away does not stop the work; the result's line tells.
                let _ = print(json!(progress), "progress");
            })?;
            print(json!(outcome), "result")
        }
        Some("remove") => {
            let file = file.ok_or_else(|| usage("--file is missing".to_owned()))?;
            remove(&dir?, &file)?;
            writeln!(
                out,
                "{}",
                json!({ "event": "result", "outcome": "removed" })
            )?;
            Ok(())
        }
        Some(other) => Err(usage(format!("there is no command {other:?}"))),
        None => Err(usage("a command is missing".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(arguments: &[&str]) -> Vec<Value> {
        let mut out = Vec::new();
        let arguments: Vec<String> = arguments.iter().map(|a| (*a).to_owned()).collect();
        run(&arguments, &mut out);
        let text = String::from_utf8(out).expect("text");
        text.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    }

    #[test]
    fn the_reference_string_is_generated_once() {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path().to_str().expect("a path");
        let first = lines(&["generate", "--dir", dir, "--kind", "srs"]);
        assert_eq!(first[0]["event"], "progress");
        let last = first.last().expect("lines");
        assert_eq!(last["event"], "result");
        assert_eq!(last["outcome"], "generated");
        assert_eq!(last["files"][0]["origin"], "generated");
        let again = lines(&["generate", "--dir", dir, "--kind", "srs"]);
        assert_eq!(again.last().expect("lines")["outcome"], "present");
        let listed = lines(&["list", "--dir", dir]);
        assert_eq!(listed.len(), 21);
        let listed = &listed[20]["files"][0];
        assert_eq!(listed["size"], last["files"][0]["size"]);

        let name = listed["name"].as_str().expect("a name");
        let removed = lines(&["remove", "--dir", dir, "--file", name]);
        assert_eq!(removed[0]["outcome"], "removed");
        let listed = lines(&["list", "--dir", dir]);
        assert!(listed[20]["files"][0]["size"].is_null());
        assert!(listed[20]["files"][0]["record"].is_null());
        let other = lines(&["remove", "--dir", dir, "--file", "../precious"]);
        assert_eq!(other[0]["error"]["code"], "unknown_file");
    }

    #[test]
    fn mistakes_are_named() {
        let code = |arguments: &[&str]| {
            let line = lines(arguments).pop().expect("a line");
            line["error"]["code"].as_str().expect("a code").to_owned()
        };
        assert_eq!(code(&[]), "usage");
        assert_eq!(code(&["make"]), "usage");
        assert_eq!(code(&["list"]), "usage");
        assert_eq!(code(&["generate", "--dir", "/x", "--kind", "tau"]), "usage");
        assert_eq!(
            code(&["generate", "--dir", "/x", "--kind", "porep"]),
            "usage"
        );
        assert_eq!(
            code(&["generate", "--dir", "/x", "--threads", "all"]),
            "usage"
        );
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path().to_str().expect("a path");
        let porep = ["generate", "--dir", dir, "--kind", "porep", "--sector-size"];
        let with = |size| [&porep[..], &[size]].concat();
        assert_eq!(code(&with("34359738368")), "unsupported_size");
        assert_eq!(code(&with("2049")), "unsupported_size");
        let file = ["generate", "--dir", "/dev/null/x", "--kind", "srs"];
        assert_eq!(code(&file), "io");
    }
}
