//! The command line (docs/sealer-protocol.md, *Command line*).

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::error::{Code, Outcome, SealError};
use crate::fault::Faults;
use crate::logger;
use crate::ops::self_test;
use crate::process::{self, Side, Starter};
use crate::run::RunContext;
use crate::server::control::version;
use crate::server::dispatch::Server;
use crate::server::fence::Fence;
use crate::server::journal::Journal;
use crate::server::listen;
use crate::server::protocol::merge;

const USAGE: &str = "usage:
  beepro-sealer serve --socket PATH --log FILE [--state DIR] [--idle-exit-s N]
                      [--exit-when-forgotten] [--daemonize] [--allow-faults]
  beepro-sealer stdio [--log FILE] [--state DIR] [--allow-faults]
  beepro-sealer params list|generate …
  beepro-sealer self-test [--dir DIR]
  beepro-sealer version";

const WRONG_USAGE: u8 = 2;
/// A live server has the socket or the state directory.
pub const IN_USE: u8 = 3;

#[derive(Debug, Default, PartialEq)]
struct Options {
    socket: Option<PathBuf>,
    log: Option<PathBuf>,
    state: Option<PathBuf>,
    dir: Option<PathBuf>,
    idle_exit: Option<Duration>,
    exit_when_forgotten: bool,
    daemonize: bool,
    allow_faults: bool,
}

pub fn main(arguments: Vec<String>) -> ExitCode {
    let mut arguments = VecDeque::from(arguments);
    let command = arguments.pop_front().unwrap_or_default();
    if command == "params" {
        let rest: Vec<String> = arguments.into();
        return beepro_paramgen::cli::run(&rest, &mut io::stdout());
    }
    if command == "--help" || command == "-h" || command == "help" {
        println!("{USAGE}");
        return ExitCode::SUCCESS;
    }
    let options = match parse(arguments) {
        Ok(options) => options,
        Err(problem) => return wrong_usage(&problem),
    };
    match command.as_str() {
        "version" => {
            println!("{}", version());
            ExitCode::SUCCESS
        }
        "self-test" => report(self_test(&options)),
        "stdio" => report(stdio(&options)),
        "serve" => serve(&options),
        "" => wrong_usage("a command is missing"),
        other => wrong_usage(&format!("there is no command {other:?}")),
    }
}

fn wrong_usage(problem: &str) -> ExitCode {
    eprintln!("{problem}\n{USAGE}");
    ExitCode::from(WRONG_USAGE)
}

fn parse(mut arguments: VecDeque<String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(name) = arguments.pop_front() {
        let mut value = || {
            arguments
                .pop_front()
                .ok_or_else(|| format!("{name} takes a value"))
        };
        match name.as_str() {
            "--socket" => options.socket = Some(absolute(&value()?)?),
            "--log" => options.log = Some(absolute(&value()?)?),
            "--state" => options.state = Some(absolute(&value()?)?),
            "--dir" => options.dir = Some(absolute(&value()?)?),
            "--idle-exit-s" => {
                let seconds = value()?
                    .parse()
                    .map_err(|_| "--idle-exit-s takes a number of seconds".to_string())?;
                options.idle_exit = Some(Duration::from_secs(seconds));
            }
            "--exit-when-forgotten" => options.exit_when_forgotten = true,
            "--daemonize" => options.daemonize = true,
            "--allow-faults" => options.allow_faults = true,
            _ => return Err(format!("there is no option {name}")),
        }
    }
    Ok(options)
}

fn absolute(path: &str) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{path}: {error}"))
}

fn exit_code(error: &SealError) -> ExitCode {
    match error.code {
        Code::InUse => ExitCode::from(IN_USE),
        _ => ExitCode::FAILURE,
    }
}

fn report(outcome: Outcome<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("{}", json!({ "error": error }));
            exit_code(&error)
        }
    }
}

fn self_test(options: &Options) -> Outcome<()> {
    logger::start(options.log.as_deref())?;
    let directory = options.dir.clone().unwrap_or_else(std::env::temp_dir);
    let params = serde_json::from_value(json!({ "dir": directory }))
        .map_err(|error| SealError::bad_request(error.to_string()))?;
    let answer = self_test::run(&RunContext::quiet("self-test"), params)?;
    println!("{}", json!(answer));
    Ok(())
}

fn stdio(options: &Options) -> Outcome<()> {
    let faults = Faults::from_environment(options.allow_faults)?;
    logger::start(options.log.as_deref())?;
    let (journal, fence) = match &options.state {
        Some(directory) => (
            Journal::open(directory)?,
            Fence::open(Some(directory.join("epoch"))),
        ),
        None => (Journal::in_memory(), Fence::open(None)),
    };
    let server = Arc::new(Server::new(journal, fence, faults, false));
    listen::stdio(&server)
}

fn serve(options: &Options) -> ExitCode {
    let (Some(socket), Some(log)) = (&options.socket, &options.log) else {
        return wrong_usage("serve needs --socket and --log");
    };
    let mut starter = Starter::none();
    if options.daemonize {
        match process::daemonize(log) {
            Ok(Side::Starter(code)) => return code,
            Ok(Side::Daemon(daemon)) => starter = daemon,
            Err(error) => return report(Err(error)),
        }
    }
    process::ignore_hangup();
    let state = options.state.clone().unwrap_or_else(|| {
        let mut name = socket.clone().into_os_string();
        name.push(".state");
        PathBuf::from(name)
    });
    let prepared = Faults::from_environment(options.allow_faults).and_then(|faults| {
        logger::start(Some(log))?;
        // The lock on the state directory first: two starters never race for the socket.
        let journal = Journal::open(&state)?;
        let fence = Fence::open(Some(state.join("epoch")));
        let listener = listen::bind(socket)?;
        let server = Server::new(journal, fence, faults, options.exit_when_forgotten);
        Ok((Arc::new(server), listener))
    });
    let (server, listener) = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            let line = json!({ "error": error }).to_string();
            starter.tell(&line);
            if !options.daemonize {
                println!("{line}");
            }
            return exit_code(&error);
        }
    };
    let mut ready = json!(process::identity());
    merge(&mut ready, json!({ "socket": socket }));
    log::info!("listens: {ready}");
    starter.tell(&ready.to_string());
    match listen::serve(&server, &listener, socket, options.idle_exit) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            log::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, String> {
        parse(arguments.iter().map(|text| text.to_string()).collect())
    }

    #[test]
    fn options_are_parsed() {
        let options = parsed(&["--socket", "/a", "--log", "/b", "--idle-exit-s", "9"]).unwrap();
        assert_eq!(options.socket, Some(PathBuf::from("/a")));
        assert_eq!(options.idle_exit, Some(Duration::from_secs(9)));
        assert!(parsed(&["--socket"]).is_err());
        assert!(parsed(&["--idle-exit-s", "soon"]).is_err());
        assert!(parsed(&["--colour"]).is_err());
    }

    #[test]
    fn paths_become_absolute() {
        assert!(parsed(&["--dir", "a"]).unwrap().dir.unwrap().is_absolute());
    }
}
