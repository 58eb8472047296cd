//! The ops of the protocol: one file each, or one per family.

pub mod add_piece;
pub mod aggregate;
pub mod bench;
pub mod check;
pub mod clear_cache;
pub mod commit1;
pub mod commit2;
pub mod piece_commitment;
pub mod piece_source;
pub mod post;
pub mod pre_commit1;
pub mod pre_commit2;
pub mod self_test;
pub mod synthetic_proofs;
pub mod table;
pub mod unseal;
pub mod update;
pub mod verify_seal;
