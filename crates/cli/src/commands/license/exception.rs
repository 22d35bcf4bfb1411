//! `licentia license waive` and `licentia license grace`: exceptions that the authority signs.

use std::path::PathBuf;

use licentia_issue::keyfile;
use licentia_protocol::licenses::{NewGrace, NewWaiver};
use licentia_protocol::resource::Exception;
use reqwest::Method;
use serde_json::json;

use super::seconds;
use crate::args::Cli;
use crate::failure::Failure;
use crate::office::{Office, escaped};
use crate::output::{Output, note};

/// Switch a product's enforcement off for a while: whoever has the document runs without limits. On record.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  licentia license waive --product bzzz --for 24h --by ada@example.com \
                  --reason \"move to the new data centre\" --out waiver.jwt\n\nThe product takes it from \
                  PREFIX_LICENSE_WAIVER, or from licenses/waiver.jwt beside the program."
)]
pub struct Waive {
    /// The product.
    #[arg(long, value_name = "CODE")]
    product: String,
    /// How long from now, e.g. `24h`; at most 90 days.
    #[arg(long = "for", value_parser = seconds, value_name = "DURATION")]
    length: u32,
    /// Why; shown wherever it takes effect.
    #[arg(long)]
    reason: String,
    /// Who asked for it; shown too.
    #[arg(long, value_name = "WHO")]
    by: String,
    /// Where to write it; without it, it is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Let a product run before a licence exists. On record.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  licentia license grace --product bzzz --for 14d --plan standard --out grace.jwt\n\nThe \
                  product takes it from PREFIX_LICENSE_GRACE, or from licenses/grace.jwt beside the program."
)]
pub struct Grace {
    /// The product.
    #[arg(long, value_name = "CODE")]
    product: String,
    /// The plan to run as; the product's default plan unless named.
    #[arg(long, value_name = "CODE")]
    plan: Option<String>,
    /// How long from now, e.g. `14d`; at most 90 days.
    #[arg(long = "for", value_parser = seconds, value_name = "DURATION")]
    length: u32,
    /// Only on this machine, as `licentia fingerprint` tells it.
    #[arg(long)]
    fingerprint: Option<String>,
    /// Why; for the audit trail.
    #[arg(long)]
    reason: Option<String>,
    /// Where to write it; without it, it is printed.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn waive(cli: &Cli, args: &Waive, out: Output) -> Result<(), Failure> {
    check_free(args.out.as_ref())?;
    let order = NewWaiver { for_s: args.length, reason: args.reason.clone(), by: args.by.clone() };
    let path = format!("/v1/admin/products/{}/waive", escaped(&args.product));
    let signed = Office::open(cli).await?.send(Method::POST, &path, &order).await?;
    hand_out("waiver", &signed, args.out.as_ref(), out)
}

pub(crate) async fn grace(cli: &Cli, args: &Grace, out: Output) -> Result<(), Failure> {
    check_free(args.out.as_ref())?;
    let order = NewGrace {
        for_s: args.length,
        plan: args.plan.clone(),
        fingerprint: args.fingerprint.clone(),
        reason: args.reason.clone(),
    };
    let path = format!("/v1/admin/products/{}/grace", escaped(&args.product));
    let signed = Office::open(cli).await?.send(Method::POST, &path, &order).await?;
    hand_out("grace", &signed, args.out.as_ref(), out)
}

/// Before anything is signed: what lies there already is never overwritten.
fn check_free(path: Option<&PathBuf>) -> Result<(), Failure> {
    match path.filter(|path| path.exists()) {
        Some(path) => Err(Failure::undone(
            format!("{} exists already", path.display()),
            "nothing was signed; choose another place for --out",
        )),
        None => Ok(()),
    }
}

fn hand_out(
    kind: &str,
    signed: &Exception,
    path: Option<&PathBuf>,
    out: Output,
) -> Result<(), Failure> {
    let Exception { product, token, expires_at: until } = signed;
    if let Some(path) = path {
        // It works for whoever holds it, so it is kept like a key.
        keyfile::write_secret(path, format!("{token}\n").as_bytes()).map_err(|error| {
            Failure::undone(
                format!("{}: {error}", path.display()),
                "choose a place that can be written to",
            )
        })?;
    }
    note(&format!("the {kind} for {product} ends {until}"));
    let result = json!({ "product": product, "token": token, "expires_at": until, "file": path });
    out.one(&result, |_| match path {
        Some(path) => path.display().to_string(),
        None => token.clone(),
    })
}
