//! `licentia key …`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use licentia_issue::keyfile::{self, KeyFileError};
use licentia_issue::signer::{Ed25519Signer, Signer};
use licentia_license::key::PublicKey;
use licentia_model::Random;
use licentia_server::system::SystemRandom;
use serde_json::json;

use crate::args::Cli;
use crate::failure::Failure;
use crate::local::authority;
use crate::output::{Output, facts};

/// Signing keys.
#[derive(Subcommand)]
pub enum Command {
    /// Make a key pair in files that openssl reads; needs no authority.
    #[command(after_help = "Example:\n  licentia key generate --alg ed25519 --out ./keys")]
    Generate {
        /// Algorithm.
        #[arg(long, value_enum, default_value_t = Algorithm::Ed25519)]
        alg: Algorithm,
        /// Folder for KID.private.pem and KID.public.pem.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// The authority's keys.
    #[command(after_help = "Example:\n  licentia key list --json")]
    List,
    /// What an application embeds to verify licences and leases.
    #[command(after_help = "Examples:\n  licentia key export --public > trust.pem\n  \
                            licentia key export --public --format jwks")]
    Export {
        /// Only public keys leave the authority.
        #[arg(long, required = true)]
        public: bool,
        /// Which form.
        #[arg(long, value_enum, default_value_t = Format::Bundle)]
        format: Format,
    },
}

/// Algorithms of `key generate`.
#[derive(Clone, Copy, ValueEnum)]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
}

/// Forms of `key export`.
#[derive(Clone, Copy, ValueEnum)]
pub enum Format {
    /// Trust bundle: the roots in PEM and the keyset of the day; survives key rotation.
    Bundle,
    /// Each public key in PEM, the licence key first; what openssl and other libraries read.
    Pem,
    /// JSON Web Key Set (RFC 7517), the licence key first.
    Jwks,
    /// The keyset alone, signed by a root.
    Keyset,
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    match command {
        Command::Generate { alg: Algorithm::Ed25519, out: folder } => generate(folder, out),
        Command::List => {
            let keys = authority(cli).await?.list_keys().await?;
            out.list(&keys, ["KID", "ALG", "PURPOSES", "STATE", "CREATED"], |key| {
                [
                    key.kid.clone(),
                    key.alg.clone(),
                    key.purposes.join(" "),
                    key.state.clone(),
                    key.created_at.to_string(),
                ]
            })
        }
        Command::Export { format, .. } => {
            let authority = authority(cli).await?;
            let text = match format {
                Format::Bundle => authority.trust().to_text(),
                Format::Pem => authority.public_keys().await?.iter().map(PublicKey::to_pem).collect(),
                Format::Jwks => json!(authority.jwks().await?).to_string(),
                Format::Keyset => authority.trust().keyset_token().unwrap_or_default().to_owned(),
            };
            out.line(text.trim_end())
        }
    }
}

fn generate(folder: &PathBuf, out: Output) -> Result<(), Failure> {
    let random: &dyn Random = &SystemRandom;
    let signer = Ed25519Signer::from_seed(random.bytes())
        .map_err(|e| Failure::undone(&e, "run it again; if it repeats, report this defect"))?;
    let kid = signer.public_key().kid();
    let failed = |e: &dyn std::fmt::Display| {
        Failure::undone(format!("{}: {e}", folder.display()), "check that this user may write to the folder")
    };
    std::fs::create_dir_all(folder).map_err(|e| failed(&e))?;
    keyfile::write_pair(folder, kid, &signer).map_err(|e: KeyFileError| failed(&e))?;
    let path = |kind: &str| folder.join(format!("{kid}.{kind}.pem")).display().to_string();
    let result = json!({ "kid": kid, "alg": "EdDSA", "private": path("private"), "public": path("public") });
    out.one(&result, |_| {
        facts(&[
            ("kid", kid.to_owned()),
            ("private", format!("{}   (mode 0600, keep it secret)", path("private"))),
            ("public", path("public")),
        ])
    })
}
