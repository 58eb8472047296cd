//! Every op by name: its class and how to run it.

use serde::de::DeserializeOwned;
use serde::Serialize;
use serde_json::Value;

use crate::error::{Code, Outcome, SealError};
use crate::ops::{
    add_piece, aggregate, bench, check, clear_cache, commit1, commit2, piece_commitment, post,
    pre_commit1, pre_commit2, self_test, synthetic_proofs, unseal, update, verify_seal,
};
use crate::run::RunContext;

/// Whether an op is journalled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// A pure function of its parameters.
    Query,
    /// Journalled and idempotent by id.
    Run,
}

/// A request whose parameters have been parsed: nothing has been touched yet.
pub type Prepared = Box<dyn FnOnce(&RunContext) -> Outcome<Value> + Send>;

pub struct Op {
    pub name: &'static str,
    pub class: Class,
    prepare: Box<dyn Fn(Value) -> Outcome<Prepared> + Send + Sync>,
}

impl Op {
    /// Parses the parameters; what is missing, malformed or unknown is `bad_request`.
    pub fn prepare(&self, params: Value) -> Outcome<Prepared> {
        (self.prepare)(params)
    }
}

fn op<P, A>(name: &'static str, class: Class, run: fn(&RunContext, P) -> Outcome<A>) -> Op
where
    P: DeserializeOwned + Send + 'static,
    A: Serialize + 'static,
{
    Op {
        name,
        class,
        prepare: Box::new(move |params| {
            let params: P = serde_json::from_value(params)
                .map_err(|error| SealError::bad_request(format!("{name}: {error}")))?;
            Ok(Box::new(move |context: &RunContext| {
                serde_json::to_value(run(context, params)?)
                    .map_err(|error| SealError::new(Code::Library, error.to_string()))
            }))
        }),
    }
}

/// All ops but the control ones.
pub fn all() -> Vec<Op> {
    use Class::{Query, Run};
    vec![
        op("piece-commitment", Run, piece_commitment::run),
        op("add-piece", Run, add_piece::run),
        op("pre-commit-1", Run, pre_commit1::run),
        op("pre-commit-2", Run, pre_commit2::run),
        op("synthetic-proofs", Run, synthetic_proofs::run),
        op("check", Run, check::run),
        op("commit-1", Run, commit1::run),
        op("commit-2", Run, commit2::run),
        op("clear-cache", Run, clear_cache::run),
        op("unseal", Run, unseal::run),
        op("verify-seal", Query, verify_seal::run),
        op("verify-aggregate", Query, aggregate::verify),
        op("verify-window-post", Query, post::verify::window),
        op("verify-winning-post", Query, post::verify::winning),
        op("verify-update", Query, update::prove::verify),
        op("winning-post-challenge", Query, post::challenges::winning),
        op("post-challenges", Query, post::challenges::leaves),
        op("post-partitions", Query, post::challenges::partitions),
        op("post-vanilla", Run, post::vanilla::single),
        op("post-read", Run, post::vanilla::read),
        op("window-post", Run, post::prove::window),
        op("winning-post", Run, post::prove::winning),
        op(
            "window-post-from-vanilla",
            Run,
            post::prove::window_from_vanilla,
        ),
        op(
            "winning-post-from-vanilla",
            Run,
            post::prove::winning_from_vanilla,
        ),
        op("window-post-partition", Run, post::prove::partition),
        op("window-post-merge", Run, post::prove::merge),
        op("update-encode", Run, update::encode::run),
        op("update-vanilla", Run, update::prove::vanilla),
        op("update-prove", Run, update::prove::prove),
        op(
            "update-prove-from-vanilla",
            Run,
            update::prove::from_vanilla,
        ),
        op("update-decode", Run, update::decode::whole),
        op("update-decode-range", Run, update::decode::range),
        op("update-remove-encoded", Run, update::remove::run),
        op("aggregate", Run, aggregate::run),
        op("bench", Run, bench::run),
        op("self-test", Run, self_test::run),
    ]
}
