//! `licentia license waive` and `licentia license grace`: exceptions that the authority signs.

use std::path::PathBuf;

use licentia_authority::licenses::grace::GraceOrder;
use licentia_authority::licenses::waive::{Exception, WaiverOrder};
use licentia_issue::keyfile;
use serde_json::json;

use super::seconds;
use crate::args::Cli;
use crate::failure::Failure;
use crate::local::{actor, authority};
use crate::output::{Output, note, time};

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
    let order = WaiverOrder {
        product: args.product.clone(),
        seconds: args.length,
        reason: args.reason.clone(),
        who: args.by.clone(),
    };
    let signed = authority(cli).await?.waive(order, actor()).await?;
    hand_out("waiver", &args.product, &signed, args.out.as_ref(), out)
}

pub(crate) async fn grace(cli: &Cli, args: &Grace, out: Output) -> Result<(), Failure> {
    check_free(args.out.as_ref())?;
    let order = GraceOrder {
        product: args.product.clone(),
        plan: args.plan.clone(),
        seconds: args.length,
        fingerprint: args.fingerprint.clone(),
        reason: args.reason.clone(),
    };
    let signed = authority(cli).await?.grace(order, actor()).await?;
    hand_out("grace", &args.product, &signed, args.out.as_ref(), out)
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
    product: &str,
    signed: &Exception,
    path: Option<&PathBuf>,
    out: Output,
) -> Result<(), Failure> {
    let until = jiff::Timestamp::from_second(signed.expires_at).ok();
    if let Some(path) = path {
        // It works for whoever holds it, so it is kept like a key.
        keyfile::write_secret(path, format!("{}\n", signed.token).as_bytes()).map_err(|error| {
            Failure::undone(
                format!("{}: {error}", path.display()),
                "choose a place that can be written to",
            )
        })?;
    }
    note(&format!("the {kind} for {product} ends {}", time(until, "at some time")));
    let result =
        json!({ "product": product, "token": signed.token, "expires_at": until, "file": path });
    out.one(&result, |_| match path {
        Some(path) => path.display().to_string(),
        None => signed.token.clone(),
    })
}
