//! `licentia key generate`: files for whoever signs outside the authority; needs none.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use licentia_issue::keyfile::{self, KeyFileError};
use licentia_issue::shared_secret::SharedSecret;
use licentia_issue::signer::{Ed25519Signer, RsaBits, RsaSigner, Signer, SignerError};
use licentia_issue::{PrivateKey, Protection};
use licentia_model::Random;
use licentia_server::system::SystemRandom;
use serde_json::json;

use crate::failure::Failure;
use crate::output::{Output, facts};
use crate::signer;

/// What to make, and where.
#[derive(Args)]
#[command(after_help = "Examples:\n  licentia key generate --alg ed25519 --out ./keys\n  \
                  licentia key generate --alg rsa3072 --out ./keys --passphrase-file passphrase.txt\n  \
                  licentia key generate --alg hmac --out ./keys")]
pub struct Generate {
    /// Algorithm.
    #[arg(long, value_enum, default_value_t = Algorithm::Ed25519)]
    alg: Algorithm,
    /// Folder for KID.private.pem and KID.public.pem, or for KID.secret (hmac).
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Encrypt the private key with the passphrase in this file: one line, readable by its owner only.
    #[arg(long, value_name = "F")]
    passphrase_file: Option<PathBuf>,
}

/// Algorithms of `key generate`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Algorithm {
    /// Ed25519 (RFC 8032), signs EdDSA.
    Ed25519,
    /// RSA of 2048 bits, signs RS256.
    Rsa2048,
    /// RSA of 3072 bits, signs RS256.
    Rsa3072,
    /// RSA of 4096 bits, signs RS256.
    Rsa4096,
    /// A secret of 256 bits for keys of the scheme v1: 64 hex digits.
    Hmac,
}

pub(crate) fn run(args: &Generate, out: Output) -> Result<(), Failure> {
    let random: &dyn Random = &SystemRandom;
    let key = match args.alg {
        Algorithm::Ed25519 => Ed25519Signer::from_seed(random.bytes()).map(PrivateKey::from),
        Algorithm::Rsa2048 => rsa(RsaBits::B2048),
        Algorithm::Rsa3072 => rsa(RsaBits::B3072),
        Algorithm::Rsa4096 => rsa(RsaBits::B4096),
        Algorithm::Hmac => return shared_secret(args, random, out),
    };
    let key =
        key.map_err(|e| Failure::undone(&e, "run it again; if it repeats, report this defect"))?;
    let passphrase = args.passphrase_file.as_deref().map(signer::passphrase).transpose()?;
    let protection = passphrase.as_ref().map(|passphrase| Protection {
        passphrase,
        salt: random.bytes(),
        iv: random.bytes(),
    });
    let kid = key.public_key().kid();
    prepare(&args.out)?;
    keyfile::write_pair(&args.out, kid, &key, protection.as_ref())
        .map_err(|e| unwritable(&args.out, &e))?;
    let path = |kind: &str| args.out.join(format!("{kid}.{kind}.pem")).display().to_string();
    let result = json!({
        "kid": kid, "alg": key.algorithm(), "encrypted": protection.is_some(),
        "private": path("private"), "public": path("public"),
    });
    let care =
        if protection.is_some() { "encrypted, mode 0600" } else { "mode 0600, keep it secret" };
    out.one(&result, |_| {
        facts(&[
            ("kid", kid.to_owned()),
            ("private", format!("{}   ({care})", path("private"))),
            ("public", path("public")),
        ])
    })
}

fn rsa(bits: RsaBits) -> Result<PrivateKey, SignerError> {
    RsaSigner::generate(bits).map(PrivateKey::from)
}

fn shared_secret(args: &Generate, random: &dyn Random, out: Output) -> Result<(), Failure> {
    if args.passphrase_file.is_some() {
        return Err(Failure::usage(
            "a secret for v1 keys is plain text, which has no passphrase",
            "leave out --passphrase-file, or choose another --alg",
        ));
    }
    let secret = SharedSecret::from_random(random.bytes());
    prepare(&args.out)?;
    keyfile::write_shared_secret(&args.out, &secret).map_err(|e| unwritable(&args.out, &e))?;
    let path = args.out.join(format!("{}.secret", secret.kid())).display().to_string();
    let result = json!({ "kid": secret.kid(), "alg": "HS256", "secret": path });
    out.one(&result, |_| {
        facts(&[
            ("kid", secret.kid().to_owned()),
            ("secret", format!("{path}   (mode 0600, keep it secret)")),
        ])
    })
}

fn prepare(folder: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(folder).map_err(|e| unwritable(folder, &e.into()))
}

fn unwritable(folder: &Path, error: &KeyFileError) -> Failure {
    Failure::undone(
        format!("{}: {error}", folder.display()),
        "check that this user may write to the folder",
    )
}
