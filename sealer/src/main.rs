//! `beepro-sealer`: see docs/sealer-protocol.md.

use std::process::ExitCode;

fn main() -> ExitCode {
    beepro_sealer::cli::main(std::env::args().skip(1).collect())
}
