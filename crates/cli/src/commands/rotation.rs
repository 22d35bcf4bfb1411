//! `licentia key rotate | retire | compromise`: each step is a keyset that the root signs.

use std::path::PathBuf;
use std::sync::Arc;

use clap::ValueEnum;
use licentia_authority::keys::rotate::{NewKey, Root};
use licentia_license::keyset::Purpose;
use licentia_protocol::resource::{Page, SigningKey};
use reqwest::Method;
use serde_json::{Value, json};

use crate::args::Cli;
use crate::failure::Failure;
use crate::local::{actor, authority};
use crate::office::{Office, escaped};
use crate::output::Output;
use crate::signer;

/// The next step of a rotation: publish a `next` key, or put the published one to work.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia key rotate --purpose license\n  \
                        licentia key rotate --purpose lease --at-once --root /media/root.private.pem")]
pub struct Rotate {
    /// What the key is for.
    #[arg(long, value_enum, default_value_t = Online::License)]
    purpose: Online,
    /// Algorithm of the new key.
    #[arg(long, value_enum, default_value_t = Algorithm::Ed25519, conflicts_with = "key")]
    alg: Algorithm,
    /// Take in a private key that was made elsewhere (PEM) instead of making one.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// File with the passphrase of `--key`.
    #[arg(long, value_name = "FILE", requires = "key")]
    passphrase_file: Option<PathBuf>,
    /// Publish and put to work in one go: products that have not fetched the keyset yet ask for it.
    #[arg(long)]
    at_once: bool,
    #[command(flatten)]
    root: RootFile,
}

/// Which key.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia key retire nC8…Q\n  \
                        licentia key compromise nC8…Q --root /media/root.private.pem")]
pub struct Named {
    /// Its id, as `licentia key list` shows it.
    // One in 64 begins with a dash: base64url.
    #[arg(value_name = "KID", allow_hyphen_values = true)]
    kid: String,
    #[command(flatten)]
    root: RootFile,
}

/// Where the root's private key is.
#[derive(clap::Args)]
struct RootFile {
    /// Private root key: a file, or a PKCS#11 URI (see `key hsm`); none: `root.private.pem` in the data directory.
    #[arg(long = "root", value_name = "FILE")]
    path: Option<PathBuf>,
    /// Its passphrase, where it has one: a file with one line.
    #[arg(long, value_name = "FILE")]
    root_passphrase_file: Option<PathBuf>,
}

/// Algorithms of online keys.
#[derive(Clone, Copy, ValueEnum)]
enum Algorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// RSA of 2048 bits, RS256.
    Rsa2048,
    /// RSA of 3072 bits, RS256.
    Rsa3072,
    /// RSA of 4096 bits, RS256.
    Rsa4096,
}

impl Algorithm {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::Rsa2048 => "rsa2048",
            Self::Rsa3072 => "rsa3072",
            Self::Rsa4096 => "rsa4096",
        }
    }
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
    if cli.server.is_some() {
        if args.key.is_some() {
            return Err(Failure::stays_local("a private key does not travel over the network"));
        }
        let body = json!({
            "purpose": Purpose::from(args.purpose).as_str(), "alg": args.alg.as_str(), "at_once": args.at_once,
        });
        return far(cli, &args.root, "/v1/admin/keys/rotate", &body, out).await;
    }
    let root = args.root.read(cli)?;
    let key = match (&args.key, args.alg) {
        (Some(path), _) => {
            let passphrase = args.passphrase_file.as_deref();
            let hint = "give a private key in PEM that only its owner can read";
            NewKey::Given(Box::new(signer::file(path, passphrase, "--passphrase-file", hint)?))
        }
        (None, Algorithm::Ed25519) => NewKey::Ed25519,
        (None, Algorithm::Rsa2048) => NewKey::Rsa2048,
        (None, Algorithm::Rsa3072) => NewKey::Rsa3072,
        (None, Algorithm::Rsa4096) => NewKey::Rsa4096,
    };
    let authority = authority(cli).await?;
    let keys = authority.rotate_key(args.purpose.into(), key, args.at_once, root, actor()).await?;
    show(&keys, out)
}

pub(crate) async fn retire(cli: &Cli, args: &Named, out: Output) -> Result<(), Failure> {
    if cli.server.is_some() {
        let path = format!("/v1/admin/keys/{}/retire", escaped(&args.kid));
        return far(cli, &args.root, &path, &json!({}), out).await;
    }
    let root = args.root.read(cli)?;
    let keys = authority(cli).await?.retire_key(args.kid.clone(), root, actor()).await?;
    show(&keys, out)
}

pub(crate) async fn compromise(cli: &Cli, args: &Named, out: Output) -> Result<(), Failure> {
    if cli.server.is_some() {
        let path = format!("/v1/admin/keys/{}/compromise", escaped(&args.kid));
        return far(cli, &args.root, &path, &json!({}), out).await;
    }
    let root = args.root.read(cli)?;
    let keys = authority(cli).await?.compromise_key(args.kid.clone(), root, actor()).await?;
    show(&keys, out)
}

/// On another authority, which has its root's private key at hand or cannot do it.
async fn far(
    cli: &Cli,
    root: &RootFile,
    path: &str,
    body: &Value,
    out: Output,
) -> Result<(), Failure> {
    if root.path.is_some() || root.root_passphrase_file.is_some() {
        return Err(Failure::stays_local(
            "the root's private key does not travel over the network",
        ));
    }
    let keys: Page<SigningKey> = Office::open(cli).await?.send(Method::POST, path, body).await?;
    show(&keys.items, out)
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
        let hint = "bring the root key back for this step and name it with --root";
        let passphrase = self.root_passphrase_file.as_deref();
        signer::open(&path, passphrase, "--root-passphrase-file", hint).map(Arc::from)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::args::Cli;

    #[test]
    fn a_key_whose_id_begins_with_a_dash_can_be_named() {
        for line in [
            &["licentia", "key", "retire", "-Xb8", "--root", "root.pem"][..],
            &["licentia", "key", "compromise", "--root", "root.pem", "-Xb8"],
            &["licentia", "license", "reissue", "--signed-by", "-Xb8"],
        ] {
            assert!(Cli::try_parse_from(line).is_ok(), "{line:?}");
        }
    }
}
