//! This process: its lasting name, and living without the one who started it.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::path::Path;
use std::process::ExitCode;
use std::sync::OnceLock;

use serde::Serialize;
use serde_json::{json, Value};

use crate::cli::IN_USE;
use crate::error::{Code, Outcome, SealError};
use crate::files;

/// Names a process for good: pids are reused, (boot id, pid, start time) is not.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Identity {
    pub pid: u32,
    /// Field 22 of /proc/self/stat: clock ticks since boot.
    pub start_time: u64,
    pub boot_id: String,
    /// Random per process.
    pub instance: String,
}

pub fn identity() -> Identity {
    static INSTANCE: OnceLock<String> = OnceLock::new();
    Identity {
        pid: std::process::id(),
        start_time: start_time().unwrap_or(0),
        boot_id: fs::read_to_string("/proc/sys/kernel/random/boot_id")
            .map(|text| text.trim().to_string())
            .unwrap_or_default(),
        instance: INSTANCE
            .get_or_init(|| hex::encode(&files::random_bytes().unwrap_or_default()[..8]))
            .clone(),
    }
}

fn start_time() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may hold spaces.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(19)?.parse().ok()
}

/// SIGHUP of a closing terminal or a stopping supervisor ends nothing. (SIGPIPE is ignored by
/// Rust's runtime.)
pub fn ignore_hangup() {
    // SAFETY: sets a disposition, no handler is involved.
    unsafe { libc::signal(libc::SIGHUP, libc::SIG_IGN) };
}

/// What the starter of a daemon still has to hear.
pub struct Starter {
    pipe: Option<File>,
}

impl Starter {
    /// For a server in the foreground: there is nobody to tell.
    pub fn none() -> Self {
        Starter { pipe: None }
    }

    /// Sends the one line the starter waits for.
    pub fn tell(&mut self, line: &str) {
        if let Some(mut pipe) = self.pipe.take() {
            // A starter that has gone away is no reason to stop.
            let _ = writeln!(pipe, "{line}");
        }
    }
}

/// Which side of the forks this is.
pub enum Side {
    /// The starter: print nothing more, end with this code.
    Starter(ExitCode),
    Daemon(Starter),
}

/// Forks twice and takes a session of its own, so that neither a supervisor that walks the tree
/// of processes nor a closing terminal finds it. The starter waits for the daemon's line, prints
/// it and ends. To be called before any thread is started. `log` takes stdout and stderr.
pub fn daemonize(log: &Path) -> Outcome<Side> {
    let (reader, writer) = pipe()?;
    if fork()? != 0 {
        drop(writer);
        return Ok(Side::Starter(relay(File::from(reader))));
    }
    drop(reader);
    // SAFETY: this process is a fresh child and no group leader.
    unsafe { libc::setsid() };
    if fork()? != 0 {
        // SAFETY: ends the middle process without running the starter's destructors again.
        unsafe { libc::_exit(0) };
    }
    let pipe = File::from(writer);
    let mut starter = Starter { pipe: Some(pipe) };
    if let Err(error) = redirect(log) {
        starter.tell(&json!({ "error": error }).to_string());
        return Err(error);
    }
    Ok(Side::Daemon(starter))
}

/// Prints what the daemon says; success only when it says that it listens.
fn relay(mut pipe: File) -> ExitCode {
    let mut line = String::new();
    let silent = pipe.read_to_string(&mut line).is_err() || line.trim().is_empty();
    if silent {
        line = json!({
            "error": SealError::new(Code::Io, "the daemon ended before it listened")
        })
        .to_string();
    }
    println!("{}", line.trim());
    let said: Value = serde_json::from_str(&line).unwrap_or_default();
    if said["pid"].is_u64() {
        ExitCode::SUCCESS
    } else if said["error"]["code"] == json!(Code::InUse) {
        ExitCode::from(IN_USE)
    } else {
        ExitCode::FAILURE
    }
}

fn pipe() -> Outcome<(OwnedFd, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: pipe2 fills the array; on success both descriptors are ours alone.
    unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) != 0 {
            return Err(last_error("pipe"));
        }
        Ok((OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}

fn fork() -> Outcome<libc::pid_t> {
    // SAFETY: no other thread exists yet, so the child's memory is whole.
    match unsafe { libc::fork() } {
        -1 => Err(last_error("fork")),
        pid => Ok(pid),
    }
}

fn redirect(log: &Path) -> Outcome<()> {
    let null =
        File::open("/dev/null").map_err(|error| SealError::io(Path::new("/dev/null"), &error))?;
    let log_file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .map_err(|error| SealError::io(log, &error))?;
    for (from, to) in [(&null, 0), (&log_file, 1), (&log_file, 2)] {
        // SAFETY: both descriptors are open.
        if unsafe { libc::dup2(from.as_raw_fd(), to) } < 0 {
            return Err(last_error("dup2"));
        }
    }
    Ok(())
}

fn last_error(call: &str) -> SealError {
    SealError::new(Code::Io, format!("{call}: {}", io::Error::last_os_error()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_names_itself() {
        let identity = identity();
        assert_eq!(identity.pid, std::process::id());
        assert!(identity.start_time > 0);
        assert_eq!(identity.boot_id.len(), 36);
        assert_eq!(identity, super::identity());
    }
}
