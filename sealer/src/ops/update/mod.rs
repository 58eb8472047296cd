//! Replica update (snap deals, FIP-0019): new data in a sealed sector.

pub mod decode;
pub mod encode;
pub mod prove;
pub mod remove;
pub mod types;
