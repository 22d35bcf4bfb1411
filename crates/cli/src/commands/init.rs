//! `licentia init`.

use std::path::PathBuf;

use licentia_authority::init::FirstLogin;
use serde::Serialize;

use crate::args::Cli;
use crate::failure::Failure;
use crate::local::{actor, data_dir, read_config};
use crate::output::{Output, facts, note};
use crate::signer;

/// Set up a data directory.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  licentia init --data ./licentia-data --issuer https://licenses.example.com"
)]
pub struct Args {
    /// The `iss` of everything the authority signs; none: a name of its own (`urn:uuid:…`).
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// Private root key that is kept elsewhere: a file, or a PKCS#11 URI (see `key hsm`); none: a new one, in
    /// `root.private.pem` of the data directory.
    #[arg(long, value_name = "FILE")]
    root: Option<PathBuf>,
    /// File with the passphrase of `--root`.
    #[arg(long, value_name = "FILE", requires = "root")]
    root_passphrase_file: Option<PathBuf>,
}

#[derive(Serialize)]
struct Initialized<'a> {
    data: String,
    issuer: &'a str,
    operator: &'a str,
    api_token: &'a str,
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    if let Some(issuer) = &args.issuer
        && (issuer.is_empty()
            || issuer.len() > 200
            || !issuer.bytes().all(|b| b.is_ascii_graphic()))
    {
        return Err(Failure::usage(
            "the issuer must be 1 to 200 printable characters without spaces",
            "give the address under which the authority will be reached",
        ));
    }
    let root = match &args.root {
        Some(root) => {
            let passphrase = args.root_passphrase_file.as_deref();
            let hint = "give a private key, as `licentia key generate` makes it";
            Some(signer::open(root, passphrase, "--root-passphrase-file", hint)?)
        }
        None => None,
    };
    let (authority, login) = data_dir(cli, &read_config(cli, None)?)?
        .init_under(args.issuer.clone(), root.as_deref(), actor())
        .await?;
    let done = Initialized {
        data: cli.data.display().to_string(),
        issuer: authority.issuer(),
        operator: &login.operator,
        api_token: login.api_token.expose(),
    };
    let printed = out.one(&done, |done| {
        facts(&[
            ("data", done.data.clone()),
            ("issuer", done.issuer.to_owned()),
            ("operator", done.operator.to_owned()),
            ("api token", format!("{}   (shown once, keep it)", done.api_token)),
        ])
    });
    note(match root {
        None => {
            "Back up master.key and take root.private.pem offline: without the first nothing opens, the second names your keys."
        }
        Some(_) => "Back up master.key: without it nothing opens.",
    });
    authority.close().await;
    printed
}

/// Tells the first log-in of a directory that `serve` has set up by itself.
pub(crate) fn tell_login(login: &FirstLogin) {
    note(&format!(
        "set up; shown once: operator `{}`, API token {}",
        login.operator,
        login.api_token.expose()
    ));
}
