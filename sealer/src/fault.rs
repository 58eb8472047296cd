//! Fault injection for tests: `BEEPRO_SEALER_FAULT=ACTION@OP:STEP[,…]`
//! (docs/sealer-protocol.md, *Fault injection*).

use std::fs::{self, OpenOptions};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde_json::Value;

use crate::error::{Code, Outcome, SealError};

pub const VARIABLE: &str = "BEEPRO_SEALER_FAULT";
const ONCE_VARIABLE: &str = "BEEPRO_SEALER_FAULT_ONCE";

/// Named points of every run, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The request is stored, nothing is done.
    Journalled,
    /// The first irreversible change is made.
    Touched,
    /// The library has returned, nothing is recorded.
    Computed,
    /// The op's marker is written.
    Marked,
    /// The outcome is journalled, not reported.
    Stored,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Crash,
    Hang,
    Panic,
    Garbage,
    Error,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    action: Action,
    op: String,
    step: Step,
}

#[derive(Debug, Default)]
pub struct Faults {
    faults: Vec<Fault>,
    /// Directory of the marks of faults that have fired.
    once: Option<PathBuf>,
}

impl Faults {
    pub fn none() -> Self {
        Self::default()
    }

    /// What the environment asks for. Without `allowed` a set variable is an error, so that a
    /// stray one never reaches a real sector.
    pub fn from_environment(allowed: bool) -> Outcome<Self> {
        let Ok(text) = std::env::var(VARIABLE) else {
            return Ok(Self::none());
        };
        if !allowed {
            return Err(SealError::bad_request(format!(
                "{VARIABLE} is set: fault injection needs --allow-faults"
            )));
        }
        Self::from_text(&text, std::env::var_os(ONCE_VARIABLE).map(PathBuf::from))
    }

    pub fn from_text(text: &str, once: Option<PathBuf>) -> Outcome<Self> {
        Ok(Faults {
            faults: parse(text)?,
            once,
        })
    }

    pub fn hit(&self, op: &str, step: Step, send: &(dyn Fn(Value) + Send + Sync)) -> Outcome<()> {
        for fault in &self.faults {
            if fault.op == op && fault.step == step && self.claim(fault) {
                log::warn!("injected fault: {fault:?}");
                fault.act(send)?;
            }
        }
        Ok(())
    }

    /// Whether the fault may fire (again).
    fn claim(&self, fault: &Fault) -> bool {
        let Some(directory) = &self.once else {
            return true;
        };
        let mark = directory.join(format!("{:?}-{}-{:?}", fault.action, fault.op, fault.step));
        fs::create_dir_all(directory).is_ok()
            && OpenOptions::new()
                .write(true)
                .create_new(true)
                .open(mark)
                .is_ok()
    }
}

impl Fault {
    fn act(&self, send: &(dyn Fn(Value) + Send + Sync)) -> Outcome<()> {
        match self.action {
            Action::Crash => {
                // SAFETY: ends this process as a power loss would, without destructors.
                unsafe { libc::kill(libc::getpid(), libc::SIGKILL) };
                loop {
                    std::thread::park();
                }
            }
            Action::Hang => loop {
                std::thread::sleep(Duration::from_secs(3600));
            },
            Action::Panic => panic!("injected panic"),
            Action::Garbage => {
                send(Value::String("\u{1b}[31mrubbish {{{".to_string()));
                Ok(())
            }
            Action::Error => Err(SealError::new(Code::Library, "injected error")),
        }
    }
}

fn parse(text: &str) -> Outcome<Vec<Fault>> {
    text.split(',').map(str::parse).collect()
}

impl FromStr for Fault {
    type Err = SealError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed =
            || SealError::bad_request(format!("{VARIABLE}: expected ACTION@OP:STEP, not {text:?}"));
        let (action, place) = text.trim().split_once('@').ok_or_else(malformed)?;
        let (op, step) = place.split_once(':').ok_or_else(malformed)?;
        Ok(Fault {
            action: match action {
                "crash" => Action::Crash,
                "hang" => Action::Hang,
                "panic" => Action::Panic,
                "garbage" => Action::Garbage,
                "error" => Action::Error,
                _ => return Err(malformed()),
            },
            op: op.to_string(),
            step: match step {
                "journalled" => Step::Journalled,
                "touched" => Step::Touched,
                "computed" => Step::Computed,
                "marked" => Step::Marked,
                "stored" => Step::Stored,
                _ => return Err(malformed()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_parsed() {
        let faults = parse("crash@pre-commit-2:touched, error@commit-1:stored").unwrap();
        assert_eq!(faults.len(), 2);
        assert_eq!(faults[0].action, Action::Crash);
        assert_eq!(faults[1].step, Step::Stored);
        for bad in ["", "crash", "crash@x", "boom@x:touched", "crash@x:never"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_fault_fires_once_per_directory() {
        let directory = tempfile::tempdir().unwrap();
        let faults = Faults {
            faults: parse("error@commit-1:computed").unwrap(),
            once: Some(directory.path().to_path_buf()),
        };
        assert!(faults.hit("commit-1", Step::Stored, &|_| {}).is_ok());
        assert!(faults.hit("commit-1", Step::Computed, &|_| {}).is_err());
        assert!(faults.hit("commit-1", Step::Computed, &|_| {}).is_ok());
    }
}
