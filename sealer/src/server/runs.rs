//! Running runs and who listens to them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde_json::{json, Value};

use crate::lock::guard;
use crate::server::connection::Connection;
use crate::server::journal::Entry;
use crate::server::protocol::End;

/// A run that has not ended.
pub struct Run {
    pub entry: Entry,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    listeners: Vec<Arc<Connection>>,
    /// The last progress event, for those who come later.
    last: Option<Value>,
    end: Option<End>,
}

impl Run {
    pub fn new(entry: Entry) -> Self {
        Run {
            entry,
            state: Mutex::default(),
        }
    }

    /// From now on the connection hears of this run: `accepted`, where it stands, and all that
    /// follows.
    pub fn listen(&self, connection: &Arc<Connection>) {
        let mut state = guard(&self.state);
        connection.send(&json!({
            "id": self.entry.id,
            "event": "accepted",
            "op": self.entry.op,
            "started_at": self.entry.started_at,
        }));
        if let Some(end) = &state.end {
            connection.send(&end.event(true));
            return;
        }
        if let Some(last) = &state.last {
            connection.send(last);
        }
        let known = |other: &Arc<Connection>| Arc::ptr_eq(other, connection);
        if !state.listeners.iter().any(known) {
            state.listeners.push(Arc::clone(connection));
        }
    }

    pub fn progress(&self, event: Value) {
        let mut state = guard(&self.state);
        state.listeners.retain(|listener| !listener.is_dead());
        for listener in &state.listeners {
            listener.send(&event);
        }
        if event.is_object() {
            state.last = Some(event);
        }
    }

    pub fn end(&self, end: End) {
        let mut state = guard(&self.state);
        let event = end.event(false);
        for listener in std::mem::take(&mut state.listeners) {
            listener.send(&event);
        }
        state.end = Some(end);
    }
}

/// The runs of this process by id.
#[derive(Default)]
pub struct Running {
    runs: HashMap<String, Arc<Run>>,
}

impl Running {
    pub fn get(&self, id: &str) -> Option<Arc<Run>> {
        self.runs.get(id).cloned()
    }

    pub fn insert(&mut self, run: Arc<Run>) {
        self.runs.insert(run.entry.id.clone(), run);
    }

    pub fn remove(&mut self, id: &str) {
        self.runs.remove(id);
    }

    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}
