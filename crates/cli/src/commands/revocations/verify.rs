//! `licentia revocations verify`: offline, with nothing but public keys.

use std::path::PathBuf;
use std::process::ExitCode;

use jiff::Timestamp;
use licentia_license::revocations::{MAX_LIST_BYTES, Mark, open, weigh};
use licentia_model::Clock;
use licentia_server::system::SystemClock;
use serde::Serialize;

use crate::commands::license::verify;
use crate::failure::Failure;
use crate::output::{Output, facts};

/// What to check, and by what.
#[derive(clap::Args)]
#[command(
    after_help = "Examples:\n  licentia revocations verify revocations.json --public-key trust.pem\n  \
                  licentia revocations verify revocations.json --public-key trust.pem --key-id daS7y8sioiecYy"
)]
pub struct Args {
    /// The list.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Whom to trust: a trust bundle, PEM or JWKS file; may be repeated.
    #[arg(long, required = true, value_name = "FILE")]
    public_key: Vec<PathBuf>,
    /// Whose list it must be; else anybody's whose key is trusted.
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// A list that was seen before: an older one than that is no news.
    #[arg(long, value_name = "FILE")]
    seen: Option<PathBuf>,
    /// Say also whether this key is on it.
    #[arg(long, value_name = "KEY_ID")]
    key_id: Option<String>,
    /// Judge as of this time instead of now.
    #[arg(long, value_name = "RFC3339")]
    at: Option<Timestamp>,
}

#[derive(Serialize)]
struct Report {
    valid: bool,
    code: &'static str,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked: Option<usize>,
    /// Whether the key that was asked for is on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<bool>,
}

pub(crate) fn run(args: &Args, out: Output) -> Result<ExitCode, Failure> {
    let trust = verify::trust(&args.public_key)?;
    let now = args.at.map_or_else(|| SystemClock.now_micros(), Timestamp::as_microsecond);
    let list = open(&text(&args.file)?, &trust);
    let seen = match &args.seen {
        None => None,
        Some(path) => Some(Mark::of(&open(&text(path)?, &trust).map_err(|e| {
            Failure::usage(format!("{}: {e}", path.display()), "give a list that was good once")
        })?)),
    };
    let verdict = match &list {
        Err(invalid) => Err((invalid.code(), invalid.to_string())),
        Ok(list) => {
            let issuer = args.issuer.as_deref().unwrap_or(&list.iss);
            weigh(list, issuer, seen.as_ref(), now).map_err(|e| (e.code(), e.to_string()))
        }
    };
    let list = list.ok();
    let time = |seconds: i64| Timestamp::from_second(seconds).ok();
    let on_it =
        |id: &String| list.as_ref().map(|list| list.revoked.iter().any(|e| e.id == *id.as_str()));
    let (code, detail) = match &verdict {
        Ok(_) => ("valid", "the list is good".to_owned()),
        Err((code, detail)) => (*code, detail.clone()),
    };
    let report = Report {
        valid: verdict.is_ok(),
        code,
        detail,
        issuer: list.as_ref().map(|list| list.iss.clone()),
        seq: list.as_ref().map(|list| list.seq),
        signed_at: list.as_ref().and_then(|list| time(list.iat)),
        expires_at: list.as_ref().and_then(|list| time(list.exp)),
        revoked: list.as_ref().map(|list| list.revoked.len()),
        listed: args.key_id.as_ref().and_then(on_it),
    };
    out.one(&report, describe)?;
    match verdict {
        Ok(_) => Ok(ExitCode::SUCCESS),
        Err((code, detail)) => {
            Err(Failure::no(format!("{code}: {detail}"), "fetch the newest list from the vendor"))
        }
    }
}

fn describe(report: &Report) -> String {
    let told = [
        ("issuer", report.issuer.clone()),
        ("seq", report.seq.map(|seq| seq.to_string())),
        ("signed", report.signed_at.map(|at| at.to_string())),
        ("counts until", report.expires_at.map(|at| at.to_string())),
        ("revoked", report.revoked.map(|count| count.to_string())),
        ("listed", report.listed.map(|listed| listed.to_string())),
    ];
    let told: Vec<_> = told.into_iter().filter_map(|(name, fact)| Some((name, fact?))).collect();
    format!("{}\n{}", if report.valid { "valid" } else { "NOT valid" }, facts(&told))
}

pub(crate) fn text(path: &std::path::Path) -> Result<String, Failure> {
    use std::io::Read;
    let wrong = |why: &dyn std::fmt::Display| {
        Failure::usage(format!("{}: {why}", path.display()), "give the path of a revocations.json")
    };
    let file = std::fs::File::open(path).map_err(|e| wrong(&e))?;
    let mut bytes = Vec::new();
    file.take(MAX_LIST_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(|e| wrong(&e))?;
    if bytes.len() > MAX_LIST_BYTES {
        return Err(wrong(&"it is longer than a list may be"));
    }
    String::from_utf8(bytes).map_err(|_| wrong(&"it is not text"))
}
