//! The authority behind a command: today the one in the local data directory.

use licentia_authority::{Actor, Authority};
use licentia_server::startup::DataDir;

use crate::args::Cli;
use crate::failure::Failure;

/// Opens the authority in `--data`.
pub(crate) async fn authority(cli: &Cli) -> Result<Authority, Failure> {
    Ok(DataDir::new(&cli.data).open().await?)
}

/// Who runs the command, for the audit trail.
#[expect(clippy::disallowed_methods, reason = "the edge where the environment is read")]
pub(crate) fn actor() -> Actor {
    let user = ["SUDO_USER", "USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
    Actor::new(format!("cli:{}", user.as_deref().unwrap_or("unknown")), "local")
}
