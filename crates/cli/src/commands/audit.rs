//! `licentia audit …`.

use std::process::ExitCode;

use clap::Subcommand;

use crate::args::Cli;
use crate::failure::Failure;
use crate::local::authority;
use crate::output::Output;

/// The audit trail.
#[derive(Subcommand)]
pub enum Command {
    /// Check that no row was edited, removed or moved.
    #[command(after_help = "Example:\n  licentia audit verify && echo whole")]
    Verify,
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<ExitCode, Failure> {
    let Command::Verify = command;
    let report = authority(cli).await?.verify_audit().await?;
    out.one(&report, |report| {
        let verdict = if report.valid { "whole" } else { "NOT whole" };
        let mut text = format!("the audit trail is {verdict}: {} rows\n", report.rows);
        for finding in &report.findings {
            text.push_str("  ");
            text.push_str(finding);
            text.push('\n');
        }
        text
    })?;
    if report.valid {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::no(
        format!("the audit trail has {} findings", report.findings.len()),
        "compare with a backup, and find out who had access to the database",
    ))
}
