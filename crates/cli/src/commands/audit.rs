//! `licentia audit …`.

use std::process::ExitCode;

use clap::Subcommand;
use licentia_protocol::resource::{AuditEntry, AuditReport};

use crate::args::Cli;
use crate::failure::Failure;
use crate::local;
use crate::office::{Office, Parameters};
use crate::output::{Output, more};

/// The audit trail.
#[derive(Subcommand)]
pub enum Command {
    /// Check that no row was edited, removed or moved.
    #[command(after_help = "Example:\n  licentia audit verify && echo whole")]
    Verify,
    /// What was done, the latest first.
    #[command(after_help = "Example:\n  licentia audit list --subject license:5f0c2a4e-…")]
    List {
        /// What it is narrowed to.
        #[command(flatten)]
        filter: Filter,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// All of it as one document.
    #[command(after_help = "Example:\n  licentia audit export --format csv > audit.csv")]
    Export {
        /// What it is narrowed to.
        #[command(flatten)]
        filter: Filter,
        /// As what.
        #[arg(long, value_parser = ["json", "csv"], default_value = "json")]
        format: String,
    },
}

/// What the trail is narrowed to.
#[derive(clap::Args)]
pub struct Filter {
    /// Only what this one did, e.g. `operator:ada`.
    #[arg(long)]
    actor: Option<String>,
    /// Only this, e.g. `license.suspend`.
    #[arg(long)]
    action: Option<String>,
    /// Only what was done to this, e.g. `license:UUID`.
    #[arg(long)]
    subject: Option<String>,
    /// Only from this time on, e.g. `2026-12-31T00:00:00Z`.
    #[arg(long, value_name = "TIME")]
    since: Option<jiff::Timestamp>,
    /// Only before this time.
    #[arg(long, value_name = "TIME")]
    until: Option<jiff::Timestamp>,
}

impl Filter {
    fn told(&self) -> Parameters<'static> {
        vec![
            ("actor", self.actor.clone()),
            ("action", self.action.clone()),
            ("subject", self.subject.clone()),
            ("since", self.since.map(|at| at.to_string())),
            ("until", self.until.map(|at| at.to_string())),
        ]
    }
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<ExitCode, Failure> {
    // A long trail takes its time, which an answer over HTTP has not got.
    if let (Command::Verify, None) = (command, &cli.server) {
        let report = local::authority(cli).await?.verify_audit().await?;
        return verdict(&report, out);
    }
    let office = Office::open(cli).await?;
    match command {
        Command::Verify => {
            let report: AuditReport = office.get("/v1/admin/audit/verify", &Vec::new()).await?;
            return verdict(&report, out);
        }
        Command::List { filter, after, limit } => {
            let page =
                office.list("/v1/admin/audit", &filter.told(), after.clone(), *limit).await?;
            more(page.next.as_deref());
            out.list(
                &page.items,
                ["NUMBER", "TIME", "WHO", "FROM", "WHAT", "TO WHAT"],
                |entry: &AuditEntry| {
                    [
                        entry.seq.to_string(),
                        entry.at.to_string(),
                        entry.actor.clone(),
                        entry.origin.clone(),
                        entry.action.clone(),
                        entry.subject.clone(),
                    ]
                },
            )?;
        }
        Command::Export { filter, format } => {
            let mut parameters = filter.told();
            parameters.push(("format", Some(format.clone())));
            let path = "/v1/admin/audit/export";
            office.stream(path, &parameters, |piece| out.bytes(piece)).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn verdict(report: &AuditReport, out: Output) -> Result<ExitCode, Failure> {
    out.one(report, |report| {
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
