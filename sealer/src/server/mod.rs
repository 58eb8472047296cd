//! Serving requests: connections, the journal, running runs, host epochs.

pub mod connection;
pub mod control;
pub mod dispatch;
pub mod fence;
pub mod journal;
pub mod listen;
pub mod protocol;
pub mod runs;

/// Version of the protocol (docs/sealer-protocol.md).
pub const PROTOCOL: u32 = 1;
