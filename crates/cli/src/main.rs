//! The one binary `licentia`.

use std::process::ExitCode;

/// A request makes some hundred small pieces on one thread that another one frees.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    licentia_cli::main()
}
