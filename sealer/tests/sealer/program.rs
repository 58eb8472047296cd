//! The program itself: a server process and its clients.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{json, Value};
use tempfile::TempDir;

pub const BINARY: &str = env!("CARGO_BIN_EXE_beepro-sealer");

/// How long anything may take before the test is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server with its own socket and state, killed at the end.
pub struct Process {
    pub directory: TempDir,
    child: Child,
}

impl Process {
    pub fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), &[], &[])
    }

    pub fn start_in(directory: TempDir, options: &[&str], environment: &[(&str, &str)]) -> Self {
        let child = command(directory.path())
            .args(options)
            .envs(environment.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = Process { directory, child };
        process.connect();
        process
    }

    pub fn connect(&self) -> Client {
        connect(self.directory.path())
    }

    /// Waits for its end.
    pub fn wait(mut self) -> (Option<i32>, TempDir) {
        let status = self.child.wait().unwrap();
        let directory = std::mem::replace(&mut self.directory, tempfile::tempdir().unwrap());
        (status.code(), directory)
    }

    /// As a power loss would.
    pub fn kill(mut self) -> TempDir {
        self.child.kill().unwrap();
        self.wait().1
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn command(directory: &Path) -> Command {
    let mut command = Command::new(BINARY);
    command
        .arg("serve")
        .arg("--socket")
        .arg(socket(directory))
        .arg("--log")
        .arg(directory.join("log"))
        .env_remove("BEEPRO_SEALER_FAULT");
    command
}

fn socket(directory: &Path) -> PathBuf {
    directory.join("socket")
}

pub fn connect(directory: &Path) -> Client {
    let started = Instant::now();
    loop {
        if let Ok(stream) = UnixStream::connect(socket(directory)) {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut client = Client {
                reader: BufReader::new(stream.try_clone().unwrap()),
                stream,
                hello: Value::Null,
            };
            client.hello = client.next().unwrap();
            return client;
        }
        assert!(started.elapsed() < PATIENCE, "the server does not listen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

pub struct Client {
    stream: UnixStream,
    reader: BufReader<UnixStream>,
    pub hello: Value,
}

impl Client {
    pub fn send(&mut self, request: &Value) {
        self.send_line(&request.to_string());
    }

    pub fn send_line(&mut self, line: &str) {
        self.stream.write_all(line.as_bytes()).unwrap();
        self.stream.write_all(b"\n").unwrap();
    }

    /// The next line; None at the end of the connection.
    pub fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        match self.reader.read_line(&mut line) {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_string()),
        }
    }

    /// The next event; None at the end of the connection.
    pub fn next(&mut self) -> Option<Value> {
        Some(serde_json::from_str(&self.next_line()?).unwrap())
    }

    /// Reads on to the end of the request with this id.
    pub fn end(&mut self, id: &str) -> Option<Value> {
        loop {
            let event = self.next()?;
            if event["id"] == id && (event["event"] == "result" || event["event"] == "error") {
                return Some(event);
            }
        }
    }

    pub fn ask(&mut self, id: &str, op: &str, params: Value) -> Value {
        self.send(&json!({ "id": id, "op": op, "params": params }));
        self.end(id).expect("the connection ended")
    }
}
