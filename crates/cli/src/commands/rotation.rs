//! `licentia key rotate | retire | compromise`: each step is a keyset that the root signs.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use licentia_authority::keys::rotate::Root;
use licentia_issue::PrivateKeyError;
use licentia_issue::keyfile::{self, KeyFileError, ReadOptions};
use licentia_license::keyset::Purpose;
use licentia_protocol::resource::SigningKey;

use crate::args::Cli;
use crate::commands::generate;
use crate::failure::Failure;
use crate::local::{actor, authority};
use crate::output::Output;

/// The next step of a rotation: publish a `next` key, or put the published one to work.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia key rotate --purpose license\n  \
                        licentia key rotate --purpose lease --at-once --root /media/root.private.pem")]
pub struct Rotate {
    /// What the key is for.
    #[arg(long, value_enum, default_value_t = Online::License)]
    purpose: Online,
    /// Publish and put to work in one go: products that have not fetched the keyset yet ask for it.
    #[arg(long)]
    at_once: bool,
    #[command(flatten)]
    root: RootFile,
}

/// Which key.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  licentia key compromise nC8…Q --root /media/root.private.pem")]
pub struct Named {
    /// Its id, as `licentia key list` shows it.
    #[arg(value_name = "KID")]
    kid: String,
    #[command(flatten)]
    root: RootFile,
}

/// Where the root's private key is.
#[derive(clap::Args)]
struct RootFile {
    /// Private root key; none: `root.private.pem` in the data directory.
    #[arg(long = "root", value_name = "FILE")]
    path: Option<PathBuf>,
    /// Its passphrase, where it has one: a file with one line.
    #[arg(long = "root-passphrase-file", value_name = "F")]
    passphrase_file: Option<PathBuf>,
}

/// Purposes of online keys.
#[derive(Clone, Copy, ValueEnum)]
enum Online {
    /// Signs licences.
    License,
    /// Signs leases, refusals and verdicts.
    Lease,
    /// Signs revocation lists.
    Revocation,
    /// Signs integrity manifests.
    Manifest,
    /// Signs checkpoints of the public log.
    Log,
}

impl From<Online> for Purpose {
    fn from(online: Online) -> Self {
        match online {
            Online::License => Self::License,
            Online::Lease => Self::Lease,
            Online::Revocation => Self::Revocation,
            Online::Manifest => Self::Manifest,
            Online::Log => Self::Log,
        }
    }
}

pub(crate) async fn rotate(cli: &Cli, args: &Rotate, out: Output) -> Result<(), Failure> {
    let root = args.root.read(cli)?;
    let keys = authority(cli).await?.rotate_key(args.purpose.into(), args.at_once, root, actor()).await?;
    show(&keys, out)
}

pub(crate) async fn retire(cli: &Cli, args: &Named, out: Output) -> Result<(), Failure> {
    let root = args.root.read(cli)?;
    let keys = authority(cli).await?.retire_key(args.kid.clone(), root, actor()).await?;
    show(&keys, out)
}

pub(crate) async fn compromise(cli: &Cli, args: &Named, out: Output) -> Result<(), Failure> {
    let root = args.root.read(cli)?;
    let keys = authority(cli).await?.compromise_key(args.kid.clone(), root, actor()).await?;
    show(&keys, out)
}

pub(crate) fn show(keys: &[SigningKey], out: Output) -> Result<(), Failure> {
    out.list(keys, ["KID", "ALG", "PURPOSES", "STATE", "CREATED"], |key| {
        [
            key.kid.clone(),
            key.alg.clone(),
            key.purposes.join(" "),
            key.state.clone(),
            key.created_at.to_string(),
        ]
    })
}

impl RootFile {
    fn read(&self, cli: &Cli) -> Result<Root, Failure> {
        let path = self.path.clone().unwrap_or_else(|| cli.data.join("root.private.pem"));
        let passphrase = self.passphrase_file.as_deref().map(generate::passphrase).transpose()?;
        let options = ReadOptions { passphrase: passphrase.as_ref(), ..ReadOptions::default() };
        match keyfile::read_signer(&path, &options) {
            Ok(signer) => Ok(Arc::new(signer)),
            Err(e @ KeyFileError::Key(PrivateKeyError::PassphraseWanted | PrivateKeyError::WrongPassphrase)) => {
                Err(Failure::usage(
                    format!("{}: {e}", path.display()),
                    "name the file that holds its passphrase with --root-passphrase-file",
                ))
            }
            Err(e) => Err(Failure::usage(
                format!("{}: {e}", path.display()),
                "bring the root key back for this step and name it with --root",
            )),
        }
    }
}
