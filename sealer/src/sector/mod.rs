//! A sector's directory and what stands in it.

pub mod commitments;
pub mod directory;
pub mod key;
pub mod markers;
pub mod pieces;
