//! The sealer: Filecoin's proofs, served over JSON lines (docs/sealer-protocol.md).

pub mod cli;
pub mod disk;
pub mod error;
pub mod fault;
pub mod files;
mod flock;
pub mod gpu;
mod lock;
pub mod logger;
pub mod machine;
pub mod ops;
pub mod params;
pub mod process;
pub mod run;
mod scratch;
pub mod sector;
pub mod server;
pub mod values;
mod watch;
