//! The command line: noun, then verb. Every command reads its arguments, calls one use case and prints.
//!
//! Results go to stdout (`--json`: one object, or one a line), messages to stderr. Exit status 0 done, 1 the
//! answer is no, 2 wrong usage, 3 could not be done; an error is two lines, what happened and what to try.
//!
//! To add a command: a file under `commands` with its `Args` and `run`, its variant in [`args`], its story in
//! `tests/`. The reference in `docs/cli.md` is generated: `UPDATE_DOCS=1 cargo test -p licentia-cli`.

pub mod args;
mod commands;
mod failure;
mod local;
mod log;
mod office;
mod output;
mod progress;
mod reference;
mod signer;

use std::process::ExitCode;

use clap::Parser;
use licentia_server::config::LogFormat;

pub use reference::reference;

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let args = args::Cli::parse();
    start_logging(&args);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return failure::Failure::undone(&error, "free some memory or raise the limits")
                .report();
        }
    };
    match runtime.block_on(commands::run(args)) {
        Ok(status) => status,
        Err(failure) => failure.report(),
    }
}

/// The server tells what it does; other commands only what goes wrong. `RUST_LOG` overrides both.
fn start_logging(args: &args::Cli) {
    let default = if matches!(args.command, args::Command::Serve(_)) { "info" } else { "error" };
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let written = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A mistake in the configuration is told by the command itself.
    let format = match &args.command {
        args::Command::Serve(serve) => {
            local::read_config(args, serve.config()).ok().map(|c| c.log.format)
        }
        _ => None,
    };
    match format.unwrap_or_default() {
        LogFormat::Text => written.event_format(log::Text).init(),
        LogFormat::Json => written.json().flatten_event(true).init(),
    }
}
