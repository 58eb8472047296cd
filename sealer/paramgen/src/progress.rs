//! What a generation in progress tells.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::Serialize;

/// How far a generation is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Progress {
    /// What is being done: `wait`, `count`, `synthesise`, `tables`, `h`, `l`, `a`, `b-g1`,
    /// `b-g2`, `srs`, `sync`.
    pub phase: &'static str,
    /// Share of the whole file's work that is done, 0 to 1; it never falls.
    pub fraction: f64,
    /// Milliseconds since the generation began.
    pub elapsed_ms: u64,
}

/// Receives progress, from any thread.
pub type Listener<'a> = &'a (dyn Fn(Progress) + Sync);

/// Turns counted work into progress, a few times a second.
pub struct Meter<'a> {
    listener: Listener<'a>,
    begun: Instant,
    total: AtomicU64,
    done: AtomicU64,
    state: Mutex<State>,
}

struct State {
    phase: &'static str,
    reported: Option<Instant>,
    fraction: f64,
}

const INTERVAL: Duration = Duration::from_millis(250);

impl<'a> Meter<'a> {
    pub fn new(listener: Listener<'a>) -> Self {
        Meter {
            listener,
            begun: Instant::now(),
            total: AtomicU64::new(0),
            done: AtomicU64::new(0),
            state: Mutex::new(State {
                phase: "count",
                reported: None,
                fraction: 0.0,
            }),
        }
    }

    /// The whole work, once it is known; until then the fraction is 0.
    pub fn set_total(&self, total: u64) {
        self.total.store(total, Ordering::Relaxed);
    }

    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    pub fn set_done(&self, done: u64) {
        self.done.store(done, Ordering::Relaxed);
        self.report(false);
    }

    pub fn advance(&self, by: u64) {
        self.done.fetch_add(by, Ordering::Relaxed);
        self.report(false);
    }

    /// Work of unknown extent goes on.
    pub fn tick(&self, _seen: u64) {
        self.report(false);
    }

    /// A new phase begins; always reported.
    pub fn phase(&self, phase: &'static str) {
        if let Ok(mut state) = self.state.lock() {
            state.phase = phase;
        }
        self.report(true);
    }

    fn report(&self, always: bool) {
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        let now = Instant::now();
        if !always && state.reported.is_some_and(|at| now - at < INTERVAL) {
            return;
        }
        state.reported = Some(now);
        let total = self.total.load(Ordering::Relaxed);
        if total > 0 {
            let fraction = self.done() as f64 / total as f64;
            state.fraction = fraction.clamp(state.fraction, 1.0);
        }
        (self.listener)(Progress {
            phase: state.phase,
            fraction: state.fraction,
            elapsed_ms: (now - self.begun).as_millis() as u64,
        });
    }
}
