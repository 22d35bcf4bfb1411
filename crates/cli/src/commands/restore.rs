//! `licentia restore FILE`.

use std::path::PathBuf;
use std::process::ExitCode;

use licentia_server::backup::{check, restore};
use licentia_server::database::Progress;

use super::backup::told;
use crate::args::Cli;
use crate::failure::Failure;
use crate::local;
use crate::output::{Output, note};
use crate::progress::Tables;
use crate::signer;

/// Into an empty data directory and, with `--database`, an empty database; nothing is overwritten.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia restore --data /var/lib/licentia /backup/2026-11-25.licentia\n  \
                  licentia restore --database postgres://licentia@db/licentia --passphrase-file backup.pass FILE\n  \
                  licentia restore --check FILE\n\n\
                  What was done since the backup is not in it. Products that it does not know take their seat again by \
                  themselves; `docs/operating.md` has the rest."
)]
pub struct Args {
    /// The backup.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// File with its passphrase.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Read every byte of it and restore nothing.
    #[arg(long)]
    check: bool,
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<ExitCode, Failure> {
    if cli.server.is_some() {
        return Err(Failure::stays_local("a backup holds the authority's secrets"));
    }
    let passphrase = args.passphrase_file.as_deref().map(signer::passphrase).transpose()?;
    if args.check {
        let contents = check(&args.file, passphrase.as_ref())?;
        out.one(&contents, |contents| format!("whole; {}", told(contents)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let dir = local::data_dir(cli, &local::read_config(cli, None)?)?;
    let mut bar = Tables::new();
    let progress = |progress: Progress<'_>| bar.tell(progress);
    let restored = restore(&args.file, passphrase.as_ref(), &dir, local::actor(), progress).await?;
    bar.finish();
    out.one(&restored, |restored| {
        let mut text = told(&restored.contents);
        for finding in &restored.audit.findings {
            text.push_str(&format!("  {finding}\n"));
        }
        text + &format!("restored; audit trail of {} rows", restored.audit.rows)
    })?;
    if restored.audit.valid {
        return Ok(ExitCode::SUCCESS);
    }
    note(
        "what the checkpoints know and the backup does not is lost; the runbook says how to go on",
    );
    Ok(ExitCode::from(1))
}
