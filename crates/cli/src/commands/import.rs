//! What other systems issued: `licentia key import` for the secret of their `v1` keys, and
//! `licentia license import-key` for single keys.

use std::path::PathBuf;

use licentia_issue::{Secret, keyfile};
use licentia_protocol::resource::License;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::args::Cli;
use crate::failure::Failure;
use crate::local::{actor, authority};
use crate::office::Office;
use crate::output::Output;

/// Add a shared secret for the `v1` keys of a product: it signs from now on, the former ones still verify.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  licentia key import --product tmws tmws.secret")]
pub struct KeyImport {
    /// File that holds the secret, readable by its owner only.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Product code.
    #[arg(long, value_name = "CODE")]
    product: String,
}

pub(crate) async fn secret(cli: &Cli, args: &KeyImport, out: Output) -> Result<(), Failure> {
    if cli.server.is_some() {
        return Err(Failure::stays_local(
            "a secret that signs licences does not travel over the network",
        ));
    }
    let bytes = keyfile::read_secret(&args.file).map_err(|e| {
        Failure::usage(
            format!("{}: {e}", args.file.display()),
            "give a file that only its owner can read (chmod 600)",
        )
    })?;
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    let secret = Secret::new(text.to_vec());
    let id = authority(cli).await?.import_secret(args.product.clone(), secret, actor()).await?;
    out.one(&json!({ "id": id, "product": args.product }), |_| {
        format!("`v1` keys of {} are accepted and can be issued", args.product)
    })
}

/// Accept somebody else's key for a licence; it is exchanged online for a signed one.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  licentia license import-key 5f0c2a4e-… - < key.txt")]
pub struct ImportKey {
    /// The licence.
    id: Uuid,
    /// The key; `-` reads it from standard input.
    key: String,
}

pub(crate) async fn key(cli: &Cli, args: &ImportKey, out: Output) -> Result<(), Failure> {
    let text = match args.key.as_str() {
        "-" => std::io::read_to_string(std::io::stdin().lock()).map_err(|e| {
            Failure::usage(format!("standard input: {e}"), "pipe the key into the command")
        })?,
        key => key.to_owned(),
    };
    let path = format!("/v1/admin/licenses/{}/import-key", args.id);
    let body = licentia_protocol::licenses::ImportKey { key: text.trim().to_owned() };
    let _: License = Office::open(cli).await?.send(Method::POST, &path, &body).await?;
    out.one(&json!({ "license_id": args.id }), |_| "the key is accepted from now on".to_owned())
}
