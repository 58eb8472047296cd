//! The sealer as a library and as a program, at 2 KiB. Everything runs without parameters but the
//! tests in `snarks`, which run when `BEEPRO_SEALER_TEST_SNARKS` is set.

mod document;
mod phases;
mod pieces;
mod post;
mod program;
mod server;
mod snarks;
mod support;
mod synthetic;
mod trap_labels;
mod trap_pc2;
mod trap_post;
mod trap_unseal;
mod trap_update;
