//! `licentia key …`.

use clap::{Subcommand, ValueEnum};
use licentia_protocol::resource::{Page, SigningKey};

use crate::args::Cli;
use crate::commands::{generate, hsm, import, rotation};
use crate::failure::Failure;
use crate::office::Office;
use crate::output::Output;

/// Signing keys.
#[derive(Subcommand)]
pub enum Command {
    /// Make a key pair in files that openssl reads; needs no authority.
    Generate(generate::Generate),
    /// Whether a key in an HSM (PKCS#11) can be used, and its public half; needs no authority.
    Hsm(hsm::Hsm),
    /// The authority's keys.
    #[command(after_help = "Example:\n  licentia key list --json")]
    List,
    /// Add a shared secret for the `v1` keys of a product.
    Import(import::KeyImport),
    /// The next step of a rotation: publish a `next` key, or put the published one to work.
    Rotate(rotation::Rotate),
    /// A key that verifies no more; refused while something it signed is in force.
    Retire(rotation::Named),
    /// A key that somebody else has: what it signed is refused from now on.
    Compromise(rotation::Named),
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
        Command::Generate(args) => generate::run(args, out),
        Command::Hsm(args) => hsm::run(args, out),
        Command::Import(args) => import::secret(cli, args, out).await,
        Command::Rotate(args) => rotation::rotate(cli, args, out).await,
        Command::Retire(args) => rotation::retire(cli, args, out).await,
        Command::Compromise(args) => rotation::compromise(cli, args, out).await,
        Command::List => {
            let office = Office::open(cli).await?;
            let keys: Page<SigningKey> = office.get("/v1/admin/keys", &Vec::new()).await?;
            rotation::show(&keys.items, out)
        }
        Command::Export { format, .. } => {
            let format = match format {
                Format::Bundle => "bundle",
                Format::Pem => "pem",
                Format::Jwks => "jwks",
                Format::Keyset => "keyset",
            };
            let parameters = vec![("format", Some(format.to_owned()))];
            let office = Office::open(cli).await?;
            out.line(office.text("/v1/admin/keys/export", &parameters).await?.trim_end())
        }
    }
}
