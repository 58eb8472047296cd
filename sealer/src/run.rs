//! What a running op is given: progress, warnings, GPU requirement, fault injection.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{json, Value};

use crate::error::{Outcome, SealError};
use crate::fault::{Faults, Step};
use crate::gpu;
use crate::lock::guard;

/// Receives the progress of a run.
pub type ProgressSink = Arc<dyn Fn(Value) + Send + Sync>;

/// Where a run stands; shared with the thread that sends signs of life.
#[derive(Clone, Debug, Default)]
struct Position {
    step: &'static str,
    done: u64,
    total: u64,
}

pub struct RunContext {
    pub id: String,
    pub op: &'static str,
    /// Host epoch of the request.
    pub epoch: u64,
    pub require_gpu: bool,
    started: Instant,
    position: Mutex<Position>,
    warnings: Mutex<Vec<String>>,
    sink: ProgressSink,
    faults: Arc<Faults>,
}

impl RunContext {
    pub fn new(
        id: String,
        op: &'static str,
        epoch: u64,
        require_gpu: bool,
        sink: ProgressSink,
        faults: Arc<Faults>,
    ) -> Self {
        RunContext {
            id,
            op,
            epoch,
            require_gpu,
            started: Instant::now(),
            position: Mutex::default(),
            warnings: Mutex::default(),
            sink,
            faults,
        }
    }

    /// A context without listeners, for use as a library (self-test, bench, tests).
    pub fn quiet(op: &'static str) -> Self {
        Self::new(
            op.to_string(),
            op,
            0,
            false,
            Arc::new(|_| {}),
            Arc::new(Faults::none()),
        )
    }

    /// A new step begins.
    pub fn step(&self, step: &'static str) {
        *guard(&self.position) = Position {
            step,
            ..Position::default()
        };
        log::info!("{} {}: {step}", self.id, self.op);
        self.report();
    }

    /// `done` of `total` parts of `step` are done; reported when it changes.
    pub fn advance(&self, step: &'static str, done: u64, total: u64) {
        {
            let mut position = guard(&self.position);
            if position.step == step && position.done == done && position.total == total {
                return;
            }
            *position = Position { step, done, total };
        }
        self.report();
    }

    /// Sends the present position.
    pub fn report(&self) {
        let position = guard(&self.position).clone();
        let mut event = json!({
            "id": self.id,
            "event": "progress",
            "op": self.op,
            "phase": self.op,
            "step": if position.step.is_empty() { "start" } else { position.step },
            "elapsed_ms": self.elapsed_ms(),
        });
        if position.total > 0 {
            event["done"] = json!(position.done);
            event["total"] = json!(position.total);
            event["fraction"] = json!(position.done as f64 / position.total as f64);
        }
        (self.sink)(event);
    }

    pub fn elapsed_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }

    pub fn warn(&self, warning: String) {
        log::warn!("{} {}: {warning}", self.id, self.op);
        guard(&self.warnings).push(warning);
    }

    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut guard(&self.warnings))
    }

    /// A named point at which tests may break the run.
    pub fn fault(&self, step: Step) -> Outcome<()> {
        self.faults.hit(self.op, step, &*self.sink)
    }

    /// Runs a computation that may use the GPU. With `require_gpu` the device list is read
    /// first; a fall-back that the library logs meanwhile becomes a warning, or, where
    /// `repeatable`, the error `gpu_lost`.
    pub fn computing<T>(
        &self,
        repeatable: bool,
        compute: impl FnOnce() -> Outcome<T>,
    ) -> Outcome<T> {
        if self.require_gpu {
            gpu::require()?;
        }
        let before = gpu::fallbacks();
        let result = compute()?;
        for message in gpu::fallbacks_since(before) {
            if self.require_gpu && repeatable {
                return Err(gpu::lost(message));
            }
            self.warn(format!("fell back to the CPU: {message}"));
        }
        Ok(result)
    }
}

/// An error answer for a panic, with the panic's own message.
pub fn panic_error(payload: &(dyn std::any::Any + Send)) -> SealError {
    let message = payload
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| payload.downcast_ref::<&str>().map(|text| text.to_string()))
        .unwrap_or_else(|| "panic without a message".to_string());
    SealError::new(crate::error::Code::Panic, message)
}
