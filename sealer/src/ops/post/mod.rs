//! Proof of spacetime: winning and window PoSt.

pub mod challenges;
pub mod prove;
pub mod replicas;
pub mod types;
pub mod vanilla;
pub mod verify;
