//! The least product with a guard that has all it can have: an authority, proxies, TLS, a state folder, a
//! chain of actions, integrity and tamper checks.
//!
//! What the guard adds to a program is this one less `without.rs` (goal P12):
//! `cargo build --profile vendor -p licentia-benches --examples`.

use std::io::Write;
use std::process::ExitCode;

use licentia::{Guard, Integrity, Tamper};

fn main() -> ExitCode {
    let folder = std::env::args().nth(1).unwrap_or_default();
    let trust = include_str!("../../examples/cluster-node/trust.pem");
    let started = Guard::builder("bzzz", trust)
        .server("https://licenses.example.com")
        .state_dir(&folder)
        .chain(*b"seed")
        .integrity(Integrity::new())
        .tamper(Tamper::new())
        .start()
        .map_err(|error| error.to_string())
        .and_then(|guard| guard.ensure("task-distribution").map_err(|denied| denied.to_string()));
    // Whoever closed the output does not want to know.
    let _ = writeln!(std::io::stdout(), "{folder} {started:?}");
    ExitCode::from(u8::from(started.is_err()))
}
