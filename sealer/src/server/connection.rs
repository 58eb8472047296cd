//! One client: lines in, lines out.

use std::io::{self, BufRead, Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;

use serde_json::Value;

use crate::lock::guard;

/// Longest line in bytes.
const LONGEST_LINE: u64 = 16 << 20;

/// The sending side. Once a write fails (the client is gone, or has not read for longer than the
/// stream's time-out) nothing more is sent: a slow reader must not hold up a seal.
pub struct Connection {
    writer: Mutex<Box<dyn Write + Send>>,
    dead: AtomicBool,
}

impl Connection {
    pub fn new(writer: Box<dyn Write + Send>) -> Self {
        Connection {
            writer: Mutex::new(writer),
            dead: AtomicBool::new(false),
        }
    }

    pub fn is_dead(&self) -> bool {
        self.dead.load(Ordering::Relaxed)
    }

    /// Sends an event. A bare string is sent as it is (fault injection: rubbish on the wire).
    pub fn send(&self, event: &Value) {
        if self.is_dead() {
            return;
        }
        let mut line = match event {
            Value::String(raw) => raw.clone(),
            event => event.to_string(),
        };
        line.push('\n');
        let mut writer = guard(&self.writer);
        let sent = writer
            .write_all(line.as_bytes())
            .and_then(|()| writer.flush());
        if let Err(error) = sent {
            log::info!("a client is gone: {error}");
            self.dead.store(true, Ordering::Relaxed);
        }
    }
}

/// Calls `each` with every line until the end. A line that is too long ends the connection.
pub fn read_lines(mut reader: impl BufRead, mut each: impl FnMut(&[u8])) -> io::Result<()> {
    let mut line = Vec::new();
    loop {
        line.clear();
        let count = reader
            .by_ref()
            .take(LONGEST_LINE + 1)
            .read_until(b'\n', &mut line)?;
        if count == 0 {
            return Ok(());
        }
        if count as u64 > LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "line too long"));
        }
        let text = line.trim_ascii();
        if !text.is_empty() {
            each(text);
        }
    }
}
