//! `licentia migrate …`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use licentia_protocol::resource::AuditReport;
use licentia_server::config::{Database, DatabaseUrl};
use licentia_server::database::copy_database;
use licentia_server::startup::DataDir;
use serde::Serialize;

use crate::args::Cli;
use crate::failure::Failure;
use crate::output::Output;
use crate::progress::Tables;

/// The database as a whole.
#[derive(Subcommand)]
pub enum Command {
    /// Copy everything into another database and compare the two, row by row. Stop the authority first. A copy
    /// that was cut short goes on where it ended.
    #[command(
        after_help = "Examples:\n  licentia migrate copy --from sqlite://licentia-data/licentia.db --to postgres://licentia@db/licentia\n  \
                      licentia migrate copy --from-file old.url --to sqlite://licentia.db\n\nThe master key in --data opens both; \
                      with it the audit trail of the copy is checked too."
    )]
    Copy(Copy),
}

/// From where to where.
#[derive(clap::Args)]
pub struct Copy {
    /// What is copied: `sqlite://PATH` or `postgres://…`.
    #[arg(long, value_name = "URL", required_unless_present = "from_file")]
    from: Option<String>,
    /// File that holds the URL.
    #[arg(long, value_name = "FILE", conflicts_with = "from")]
    from_file: Option<PathBuf>,
    /// An empty database that it is copied into.
    #[arg(long, value_name = "URL", required_unless_present = "to_file")]
    to: Option<String>,
    /// File that holds the URL.
    #[arg(long, value_name = "FILE", conflicts_with = "to")]
    to_file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Copied {
    rows: u64,
    tables: Vec<Counted>,
    differences: Vec<String>,
    audit: AuditReport,
}

#[derive(Serialize)]
struct Counted {
    name: String,
    rows: u64,
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<ExitCode, Failure> {
    let Command::Copy(args) = command;
    let (from, to) = (url(&args.from, &args.from_file)?, url(&args.to, &args.to_file)?);
    let mut bar = Tables::new();
    let report = copy_database(&from, &to, |progress| bar.tell(progress)).await?;
    bar.finish();
    let authority = DataDir::new(&cli.data).with_database(Some(to))?.open().await?;
    let audit = authority.verify_audit().await;
    authority.close().await;
    let tables: Vec<Counted> =
        report.tables.into_iter().map(|(name, rows)| Counted { name, rows }).collect();
    let copied = Copied {
        rows: tables.iter().map(|table| table.rows).sum(),
        tables,
        differences: report.differences,
        audit: audit?,
    };
    out.one(&copied, |copied| {
        let mut text = String::new();
        for table in &copied.tables {
            text.push_str(&format!("{:20} {:>12}\n", table.name, table.rows));
        }
        for line in copied.differences.iter().chain(&copied.audit.findings) {
            text.push_str(&format!("  {line}\n"));
        }
        let verdict =
            if copied.differences.is_empty() { "the same on both sides" } else { "NOT the same" };
        text + &format!(
            "{} rows, {verdict}; audit trail of {} rows",
            copied.rows, copied.audit.rows
        )
    })?;
    if copied.differences.is_empty() && copied.audit.valid {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::no(
        "the copy is not what the source is",
        "stop whatever writes to either; empty the target and copy again",
    ))
}

fn url(url: &Option<String>, file: &Option<PathBuf>) -> Result<DatabaseUrl, Failure> {
    let named = Database { url: url.clone().map(DatabaseUrl::new), url_file: file.clone() }.url();
    let named = named.map_err(|e| Failure::usage(&e, "check the path"))?;
    named.ok_or_else(|| Failure::usage("no database is named", "`--help` has an example"))
}
