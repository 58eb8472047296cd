//! What happens with a request.

use std::collections::HashMap;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{json, Value};

use crate::error::{Code, Outcome, SealError};
use crate::fault::{Faults, Step};
use crate::lock::guard;
use crate::ops::table::{self, Class, Op, Prepared};
use crate::run::{panic_error, ProgressSink, RunContext};
use crate::server::connection::Connection;
use crate::server::control;
use crate::server::fence::Fence;
use crate::server::journal::{Entry, Journal};
use crate::server::protocol::{now_ms, End, Ending, Request};
use crate::server::runs::{Run, Running};
use crate::watch::while_watching;

/// How often a run gives a sign of life.
const SIGN_OF_LIFE: Duration = Duration::from_secs(5);

/// The proofs library recurses; threads start with less stack than the main one.
const STACK_BYTES: usize = 32 << 20;

pub struct Server {
    ops: HashMap<&'static str, Op>,
    pub journal: Journal,
    pub fence: Fence,
    faults: Arc<Faults>,
    pub running: Mutex<Running>,
    /// Queries under way.
    queries: AtomicUsize,
    stopping: AtomicBool,
    exit_when_forgotten: bool,
}

impl Server {
    pub fn new(journal: Journal, fence: Fence, faults: Faults, exit_when_forgotten: bool) -> Self {
        Server {
            ops: table::all().into_iter().map(|op| (op.name, op)).collect(),
            journal,
            fence,
            faults: Arc::new(faults),
            running: Mutex::default(),
            queries: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            exit_when_forgotten,
        }
    }

    /// Takes one line of a client.
    pub fn handle(self: &Arc<Self>, connection: &Arc<Connection>, line: &[u8]) {
        let request = match Request::parse(line) {
            Ok(request) => request,
            Err((id, error)) => {
                let mut event = End::immediate("", "", Err(error)).event(false);
                event["id"] = json!(id);
                connection.send(&event);
                return;
            }
        };
        let (id, op) = (request.id.clone(), request.op.clone());
        if let Err(error) = self.dispatch(connection, request) {
            connection.send(&End::immediate(&id, &op, Err(error)).event(false));
        }
    }

    fn dispatch(self: &Arc<Self>, connection: &Arc<Connection>, request: Request) -> Outcome<()> {
        if control::is_control(&request.op) {
            return control::answer(self, connection, &request);
        }
        let op = self
            .ops
            .get(request.op.as_str())
            .ok_or_else(|| SealError::bad_request(format!("unknown op {:?}", request.op)))?;
        let prepared = op.prepare(request.params.clone())?;
        match op.class {
            Class::Query => self.query(connection, op.name, request, prepared),
            Class::Run => self.run(connection, op.name, request, prepared),
        }
    }

    fn query(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        op: &'static str,
        request: Request,
        prepared: Prepared,
    ) -> Outcome<()> {
        let server = Arc::clone(self);
        let connection = Arc::clone(connection);
        self.queries.fetch_add(1, Ordering::SeqCst);
        let spawned = spawn(op, move || {
            let context = server.context(op, &request, Arc::new(|_| {}));
            let end = compute(&context, &request, now_ms(), prepared);
            connection.send(&end.event(false));
            server.queries.fetch_sub(1, Ordering::SeqCst);
        });
        if spawned.is_err() {
            self.queries.fetch_sub(1, Ordering::SeqCst);
        }
        spawned
    }

    fn run(
        self: &Arc<Self>,
        connection: &Arc<Connection>,
        op: &'static str,
        request: Request,
        prepared: Prepared,
    ) -> Outcome<()> {
        let mut running = guard(&self.running);
        self.fence.check(request.epoch)?;
        let digest = request.digest();
        let same = |entry: &Entry| {
            if entry.digest == digest {
                return Ok(());
            }
            Err(SealError::new(
                Code::IdConflict,
                format!("run {} was another request ({})", entry.id, entry.op),
            ))
        };
        if let Some(run) = running.get(&request.id) {
            same(&run.entry)?;
            run.listen(connection);
            return Ok(());
        }
        if let Some((entry, end)) = self.journal.find(&request.id) {
            same(&entry)?;
            if let Some(end) = end {
                connection.send(&end.event(true));
                return Ok(());
            }
            log::warn!("{} {op}: was interrupted, runs again", request.id);
        }
        if self.is_stopping() {
            return Err(SealError::new(
                Code::ShuttingDown,
                "the sealer takes no new runs",
            ));
        }
        let entry = Entry::of(&request, now_ms());
        self.journal.begin(&entry)?;
        let run = Arc::new(Run::new(entry));
        run.listen(connection);
        running.insert(Arc::clone(&run));
        drop(running);

        let server = Arc::clone(self);
        let id = request.id.clone();
        let spawned = spawn(op, move || server.carry_out(op, &request, &run, prepared));
        if spawned.is_err() {
            guard(&self.running).remove(&id);
            self.journal.forget(&id)?;
        }
        spawned
    }

    fn carry_out(&self, op: &'static str, request: &Request, run: &Arc<Run>, prepared: Prepared) {
        let listeners = Arc::clone(run);
        let context = self.context(
            op,
            request,
            Arc::new(move |event: Value| listeners.progress(event)),
        );
        log::info!("{} {op}: begins", request.id);
        let mut end = while_watching(
            SIGN_OF_LIFE,
            || context.report(),
            || compute(&context, request, run.entry.started_at, prepared),
        );
        if let Err(error) = self.journal.finish(&end) {
            // The outcome itself may be hours of work: it is reported all the same.
            log::error!("{} {op}: cannot be journalled: {error}", request.id);
            end.warnings.push(format!("not journalled: {error}"));
        }
        match &end.ending {
            Ending::Result(_) => log::info!("{} {op}: done in {} ms", end.id, end.elapsed_ms),
            Ending::Error(error) => log::error!("{} {op}: {error}", end.id),
        }
        // An error injected here has nothing left to break.
        let _ = catch_unwind(AssertUnwindSafe(|| context.fault(Step::Stored)));
        let mut running = guard(&self.running);
        run.end(end);
        running.remove(&request.id);
    }

    fn context(&self, op: &'static str, request: &Request, sink: ProgressSink) -> RunContext {
        RunContext::new(
            request.id.clone(),
            op,
            request.epoch,
            request.require_gpu,
            sink,
            Arc::clone(&self.faults),
        )
    }

    pub fn op_names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.ops.keys().copied().chain(control::NAMES).collect();
        names.sort_unstable();
        names
    }

    pub fn stop_when_idle(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    pub fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    pub fn is_idle(&self) -> bool {
        guard(&self.running).is_empty() && self.queries.load(Ordering::SeqCst) == 0
    }

    /// A run has been forgotten: a process for one job has done its duty.
    pub fn forgotten(&self) {
        if self.exit_when_forgotten {
            self.stop_when_idle();
        }
    }
}

fn compute(context: &RunContext, request: &Request, started_at: u64, prepared: Prepared) -> End {
    let started = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        context.fault(Step::Journalled)?;
        if context.require_gpu {
            crate::gpu::require()?;
        }
        prepared(context)
    }));
    let outcome = outcome.unwrap_or_else(|payload| Err(panic_error(&*payload)));
    End {
        elapsed_ms: started.elapsed().as_millis() as u64,
        started_at,
        warnings: context.take_warnings(),
        ..End::immediate(&request.id, &request.op, outcome)
    }
}

fn spawn(op: &str, work: impl FnOnce() + Send + 'static) -> Outcome<()> {
    thread::Builder::new()
        .name(op.to_string())
        .stack_size(STACK_BYTES)
        .spawn(work)
        .map(drop)
        .map_err(|error| SealError::new(Code::OutOfMemory, format!("no thread: {error}")))
}
