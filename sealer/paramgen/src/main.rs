//! `beepro-paramgen`: the library's commands as a program.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    beepro_paramgen::cli::run(&arguments, &mut std::io::stdout())
}
