//! The one binary `licentia`.

use std::process::ExitCode;

fn main() -> ExitCode {
    licentia_cli::main()
}
