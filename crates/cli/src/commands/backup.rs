//! `licentia backup FILE`.

use std::path::PathBuf;

use licentia_server::backup::{Contents, create};

use crate::args::Cli;
use crate::failure::Failure;
use crate::local;
use crate::output::Output;
use crate::progress::Tables;
use crate::signer;

/// The authority's database, keys and checkpoints. The file is read again before this says that it is there.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia backup --passphrase-file backup.pass /backup/2026-11-25.licentia\n  \
                  licentia restore --check --passphrase-file backup.pass /backup/2026-11-25.licentia\n\n\
                  It holds every secret of the authority: keep it under a passphrase, or where nobody else reads. Files of \
                  releases are not in it. Without a passphrase it is a tar.gz, with one an age file of that."
)]
pub struct Args {
    /// The new file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// File with a passphrase in one line, readable by its owner only.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    if cli.server.is_some() {
        return Err(Failure::stays_local("a backup holds the authority's secrets"));
    }
    let passphrase = args.passphrase_file.as_deref().map(signer::passphrase).transpose()?;
    let dir = local::data_dir(cli, &local::read_config(cli, None)?)?;
    let mut bar = Tables::new();
    let made = create(&dir, &args.file, passphrase.as_ref(), |progress| bar.tell(progress)).await?;
    bar.finish();
    out.one(&made, |made| format!("{}\n{}", args.file.display(), told(made)))
}

/// What a backup holds, for people.
pub(crate) fn told(contents: &Contents) -> String {
    let mut text = format!("made {}, {} rows\n", contents.made_at, contents.rows);
    for file in &contents.files {
        text.push_str(&format!("  {:24} {:>14}  {}\n", file.name, file.size, file.sha256));
    }
    text
}
