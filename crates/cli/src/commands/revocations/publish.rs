//! `licentia revocations publish`: the authority's list, or one with nothing but a text and a key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use licentia_model::Clock;
use licentia_protocol::revocations::Published;
use licentia_server::lists::standalone::{Edition, Issued};
use licentia_server::lists::{ListError, TEXT, Watch};
use licentia_server::objects::Objects;
use licentia_server::system::{SystemClock, variables};
use reqwest::Method;
use serde::Serialize;

use crate::args::Cli;
use crate::commands::revocations::{describe, seconds};
use crate::commands::serve::stop_signal;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, facts, note};
use crate::signer;

/// What to publish, and where.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia revocations publish\n  \
    licentia revocations publish --text revocations.txt --key KID.private.pem --issuer https://example.com --out public\n  \
    licentia revocations publish --text s3://private/revocations.txt --key KID.private.pem \\\n      \
    --issuer https://example.com --out s3://public --watch")]
pub struct Args {
    /// The text, in a folder or a bucket (s3://…, gs://…, az://…); no authority is needed then.
    #[arg(long, value_name = "FILE", requires_all = ["key", "issuer", "out"])]
    text: Option<String>,
    /// What signs the list: a private key file, or a key in an HSM by its URI.
    #[arg(long, value_name = "PRIVATE.pem", requires = "text")]
    key: Option<PathBuf>,
    /// File with the key's passphrase.
    #[arg(long, value_name = "FILE", requires = "key")]
    key_passphrase_file: Option<PathBuf>,
    /// Whose list it is: the `iss` of the licences.
    #[arg(long, value_name = "URL", requires = "text")]
    issuer: Option<String>,
    /// Folder or bucket that `revocations.json` is written to.
    #[arg(long, value_name = "DIR", requires = "text")]
    out: Option<String>,
    /// How long products may go on with a key that is new in the text, e.g. 7d.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = seconds, requires = "text")]
    grace: u32,
    /// Take a key off the list; may be repeated. That its line is gone does not.
    #[arg(long, value_name = "KEY_ID", requires = "text", conflicts_with = "watch")]
    lift: Vec<String>,
    /// Make it anew even if it would say the same.
    #[arg(long, requires = "text")]
    anew: bool,
    /// Go on: at each change of the text, and by the hour.
    #[arg(long)]
    watch: bool,
    /// How often the text is looked at; a folder's changes are heard besides.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = seconds, requires = "watch")]
    every: u32,
}

/// What was published without an authority.
#[derive(Serialize)]
struct Report {
    issuer: String,
    seq: u64,
    signed_at: Option<Timestamp>,
    expires_at: Option<Timestamp>,
    revoked: usize,
    /// Whether it was made now.
    made: bool,
    /// Keys that are on it although their line is gone.
    missing: Vec<String>,
    bad_lines: Vec<BadLine>,
}

#[derive(Serialize)]
struct BadLine {
    line: usize,
    problem: &'static str,
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    match (&args.text, &args.key, &args.issuer, &args.out) {
        (Some(text), Some(key), Some(issuer), Some(place)) => {
            standalone(args, (text, key, issuer, place), out).await
        }
        _ => of_authority(cli, args, out).await,
    }
}

async fn of_authority(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    let mut stop = std::pin::pin!(stop_signal());
    loop {
        let path = "/v1/admin/revocations/refresh";
        let published = office.send::<Published>(Method::POST, path, &()).await;
        if !args.watch {
            return out.one(&published?, describe);
        }
        match published {
            Ok(published) => out.one(&published, describe)?,
            Err(failure) => drop(failure.report()),
        }
        tokio::select! {
            () = tokio::time::sleep(every(args)) => {}
            () = &mut stop => return Ok(()),
        }
    }
}

fn every(args: &Args) -> Duration {
    Duration::from_secs(args.every.max(1).into())
}

async fn standalone(
    args: &Args,
    (text, key, issuer, place): (&str, &Path, &str, &str),
    out: Output,
) -> Result<(), Failure> {
    let hint = "`licentia key generate --alg ed25519 --out DIR` makes one";
    let signer =
        signer::open(key, args.key_passphrase_file.as_deref(), "--key-passphrase-file", hint)?;
    let (folder, name) = split(text);
    let (texts, place) = (open(folder)?, open(place)?);
    let name = if name.is_empty() { TEXT } else { name };
    let edition = Edition {
        text: (&texts, name),
        place: &place,
        signer: &*signer,
        issuer,
        grace_s: args.grace,
        lift: &args.lift,
        anew: args.anew,
    };
    if !args.watch {
        let issued =
            edition.publish(SystemClock.now_micros()).await.map_err(|error| failed(&error))?;
        tell(&issued);
        return out.one(&report(issued), human);
    }
    let mut stop = std::pin::pin!(stop_signal());
    let mut heard = Watch::of(&texts, TEXT);
    loop {
        match edition.publish(SystemClock.now_micros()).await {
            Ok(issued) if issued.made => {
                tell(&issued);
                out.one(&report(issued), human)?;
            }
            Ok(_) => {}
            // The next try may do: a list that is not renewed counts for three days.
            Err(error) => drop(failed(&error).report()),
        }
        tokio::select! {
            () = tokio::time::sleep(every(args)) => {}
            () = heard.changed() => {}
            () = &mut stop => return Ok(()),
        }
    }
}

/// Where a file is, and its name there.
fn split(path: &str) -> (&str, &str) {
    match path.rsplit_once('/') {
        // Nothing but a bucket: the text has its usual name there.
        Some((scheme, _)) if scheme.ends_with(":/") => (path, ""),
        Some(("", name)) => ("/", name),
        Some((folder, name)) => (folder, name),
        None => (".", path),
    }
}

fn open(place: &str) -> Result<Objects, Failure> {
    Objects::open(place, variables()).map_err(|e| {
        Failure::usage(
            e,
            "give a folder, or s3://BUCKET/PATH with its credentials in the environment (AWS_ACCESS_KEY_ID …)",
        )
    })
}

fn failed(error: &ListError) -> Failure {
    match error {
        ListError::NoText(_) => {
            Failure::usage(error, "write it: a key id a line, and a comment behind a #")
        }
        ListError::Sign(_) => Failure::undone(error, "check the key, or the HSM that holds it"),
        _ => Failure::undone(
            error,
            "check that the folder or bucket is there and may be written to, then run it again",
        ),
    }
}

fn tell(issued: &Issued) {
    for bad in &issued.bad {
        note(&format!("line {}: {}; it revokes nothing", bad.number, bad.problem));
    }
    for id in &issued.missing {
        note(&format!("the line of {id} is gone; it stays on the list until --lift {id}"));
    }
}

fn report(issued: Issued) -> Report {
    let time = |seconds| Timestamp::from_second(seconds).ok();
    let list = issued.list;
    Report {
        signed_at: time(list.iat),
        expires_at: time(list.exp),
        issuer: list.iss,
        seq: list.seq,
        revoked: list.revoked.len(),
        made: issued.made,
        missing: issued.missing,
        bad_lines: issued
            .bad
            .into_iter()
            .map(|bad| BadLine { line: bad.number, problem: bad.problem })
            .collect(),
    }
}

fn human(report: &Report) -> String {
    let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    facts(&[
        ("issuer", report.issuer.clone()),
        ("seq", report.seq.to_string()),
        ("signed", time(report.signed_at)),
        ("counts until", time(report.expires_at)),
        ("revoked", report.revoked.to_string()),
        ("made now", report.made.to_string()),
    ])
}
