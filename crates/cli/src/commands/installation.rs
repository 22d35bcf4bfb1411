//! `licentia activate | deactivate | status`: on the customer's machine, what an application's own set-up does.

use std::io::Read;
use std::path::PathBuf;

use licentia::{
    ActivationError, Builder, DeactivateError, Guard, Policy, Reason, Setup, Snapshot, StartError,
};
use licentia_license::typed::RETURN;
use serde_json::{Value, json};

use crate::commands::carried;
use crate::failure::Failure;
use crate::output::{Output, facts, note};

/// Which installation is meant. The same as what the application is configured with.
#[derive(clap::Args)]
pub(crate) struct Installation {
    /// The product.
    #[arg(long, value_name = "CODE")]
    product: String,
    /// The keys that the product trusts: a trust bundle, PEM or JWKS.
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The folder in which the application keeps its licence state.
    #[arg(long, value_name = "DIR")]
    state_dir: PathBuf,
    /// The key, or `-` for standard input. Without it, and without --file, it is looked for as the product does.
    #[arg(long, conflicts_with = "file")]
    key: Option<String>,
    /// The licence file.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// The installation's id; without it the one that is kept.
    #[arg(long, value_name = "ID")]
    cluster_id: Option<String>,
    /// What the product's environment variables begin with.
    #[arg(long, value_name = "PREFIX")]
    env_prefix: Option<String>,
    /// The authority; the product's environment variable outweighs it.
    #[arg(long, value_name = "URL")]
    license_server: Option<String>,
}

/// Take a seat and keep it for the application that starts next on the same state directory.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  licentia activate --product bzzz --trust trust.pem --state-dir /var/lib/bzzz/state \\\n    \
                  --license-server https://licenses.example.com --key BZZZ-… --email ada@example.com"
)]
pub struct Activate {
    #[command(flatten)]
    installation: Installation,
    /// Who sets it up.
    #[arg(long)]
    email: Option<String>,
    /// For which organisation.
    #[arg(long)]
    organization: Option<String>,
    /// Without a network: write a request file, to be carried to the vendor.
    #[arg(long)]
    offline: bool,
    /// Where nothing may be carried either: show what is to be typed where the vendor is.
    #[arg(long, requires = "offline", conflicts_with = "out")]
    typed: bool,
    /// Where the request file is written.
    #[arg(long, value_name = "FILE", default_value = "licentia-request.jwt", requires = "offline")]
    out: PathBuf,
    /// The activation file that came back, or `-`: what is typed in answer, up to an end of file.
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    activation: Option<PathBuf>,
}

/// Give the seat of an installation back.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  licentia deactivate --product bzzz --trust trust.pem --state-dir /var/lib/bzzz/state \\\n    \
                  --license-server https://licenses.example.com --key BZZZ-…"
)]
pub struct Deactivate {
    #[command(flatten)]
    installation: Installation,
    /// Without a network: write the proof that the seat is given back, to be carried to the vendor, or to be typed there.
    #[arg(long)]
    offline: bool,
    /// Where the proof is written.
    #[arg(long, value_name = "FILE", default_value = "licentia-return.jwt", requires = "offline")]
    out: PathBuf,
}

/// Show what an installation would be if it started now without a network. Asks nobody and changes nothing.
#[derive(clap::Args)]
#[command(
    after_help = "Example:\n  licentia status --product bzzz --trust trust.pem --state-dir /var/lib/bzzz/state"
)]
pub struct Status {
    #[command(flatten)]
    installation: Installation,
}

pub(crate) async fn activate(args: &Activate, out: Output) -> Result<(), Failure> {
    let setup = Setup {
        email: args.email.clone(),
        organization_name: args.organization.clone(),
        ..Setup::default()
    };
    if args.typed {
        let request = args.installation.builder()?.typed_request().map_err(not_carried)?;
        note("to be typed at the vendor: `licentia activation offline --code …`, or the portal");
        return out.one(&json!({ "request": request }), |_| request.clone());
    }
    if args.offline {
        let request = args.installation.builder()?.offline_request().map_err(not_carried)?;
        carried::write(&args.out, &request, &request)?;
        note("carry it to the vendor: `licentia activation offline FILE`, or the portal");
        return out.one(&json!({ "request": request }), |_| String::new());
    }
    if let Some(path) = &args.activation {
        let text = if path.as_os_str() == "-" { read_stdin()? } else { carried::read(path)? };
        let until = args.installation.builder()?.accept_activation(&text).map_err(not_carried)?;
        let until = jiff::Timestamp::from_second(until).ok().map(|at| at.to_string());
        return out.one(&json!({ "activated": true, "lease_until": until }), |_| {
            format!("activated until {}", until.clone().unwrap_or_default())
        });
    }
    let guard = args.installation.builder()?.setup(setup).start_async().await.map_err(refused)?;
    let snapshot = guard.snapshot();
    guard.leave().await;
    show(&snapshot, None, out)
}

pub(crate) async fn deactivate(args: &Deactivate, out: Output) -> Result<(), Failure> {
    if args.offline {
        let proof = args.installation.builder()?.offline_return().map_err(not_carried)?;
        // What was typed is given back by typing.
        let is_typed = proof.starts_with(RETURN);
        if !is_typed {
            carried::write(&args.out, &proof, &proof)?;
        }
        note(
            "the seat is free once the vendor has the proof; this installation runs on it no more",
        );
        let word = if is_typed { proof.clone() } else { String::new() };
        return out.one(&json!({ "return": proof }), |_| word.clone());
    }
    args.installation.builder()?.deactivate().await.map_err(|error| match error {
        DeactivateError::Start(error) => refused(error),
        DeactivateError::NoServer => Failure::usage(&error, "give --license-server URL"),
        DeactivateError::Unreachable(_) => Failure::undone(
            &error,
            "check address, network and proxy; the seat is free anyway once its lease has run out",
        ),
        _ => Failure::no(&error, "check the key; `licentia status` shows the installation's id"),
    })?;
    note("the seat is given back");
    out.one(&json!({ "deactivated": true }), |_| String::new())
}

pub(crate) fn status(args: &Status, out: Output) -> Result<(), Failure> {
    let status = args.installation.builder()?.status().map_err(refused)?;
    show(&status.snapshot, Some(status.in_use), out)?;
    match status.reason() {
        Some(reason) if !status.snapshot.standing().is_full() => {
            Err(Failure::no(format!("it would not run in full: {reason}"), reason.advice()))
        }
        _ => Ok(()),
    }
}

impl Installation {
    fn builder(&self) -> Result<Builder, Failure> {
        let trust = std::fs::read_to_string(&self.trust).map_err(|error| {
            Failure::usage(
                format!("{}: {error}", self.trust.display()),
                "check the path of --trust",
            )
        })?;
        let mut builder = Guard::builder(&self.product, trust)
            .state_dir(&self.state_dir)
            .policy(Policy::strict());
        if let Some(url) = &self.license_server {
            builder = builder.server(url);
        }
        if let Some(id) = &self.cluster_id {
            builder = builder.cluster_id(id);
        }
        if let Some(prefix) = &self.env_prefix {
            builder = builder.env_prefix(prefix);
        }
        if let Some(file) = &self.file {
            builder = builder.license_file(file);
        }
        match self.key.as_deref() {
            Some("-") => Ok(builder.license_key(read_stdin()?)),
            Some(key) => Ok(builder.license_key(key)),
            None => Ok(builder),
        }
    }
}

fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let most = u64::try_from(licentia_license::MAX_FILE_BYTES).unwrap_or(u64::MAX);
    std::io::stdin().take(most).read_to_string(&mut text).map_err(|error| {
        Failure::usage(format!("standard input: {error}"), "pipe the key in as text")
    })?;
    Ok(text)
}

fn not_carried(error: ActivationError) -> Failure {
    match error {
        ActivationError::Start(error) => refused(error),
        ActivationError::NotHeld => Failure::no(&error, "`licentia status` shows what it runs on"),
        ActivationError::Mistyped(_) => Failure::no(&error, "compare it and type it again, whole"),
        ActivationError::NeedsFile => {
            Failure::no(&error, "ask with --offline alone, and carry the file")
        }
        _ => Failure::no(
            &error,
            "make a new request with --offline, and carry its answer back whole",
        ),
    }
}

fn refused(error: StartError) -> Failure {
    let advice = error.advice().into_owned();
    match error {
        StartError::Misconfigured(_) => Failure::usage(error, advice),
        StartError::Unlicensed(Reason::Unreachable) | StartError::Defect(_) => {
            Failure::undone(error, advice)
        }
        _ => Failure::no(error, advice),
    }
}

fn show(now: &Snapshot, in_use: Option<bool>, out: Output) -> Result<(), Failure> {
    let at = |seconds: i64| jiff::Timestamp::from_second(seconds).ok().map(|at| at.to_string());
    let expires_at = now.license().and_then(|license| license.exp).and_then(at);
    let endless = if now.license().is_some() { "never" } else { "none" };
    let lease_until = now.lease_until().and_then(at);
    let mut result = json!({
        "standing": now.standing().as_str(),
        "reason": now.reason().map(Reason::code),
        "tier": now.tier(),
        "plan": now.license().map(|license| license.plan.to_string()),
        "cluster_id": now.cluster_id(),
        "expires_at": expires_at,
        "lease_until": lease_until,
        "state": now.memory().as_str(),
    });
    if let Some(in_use) = in_use {
        result["in_use"] = Value::Bool(in_use);
    }
    out.one(&result, |_| {
        let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
        let reason = now.reason().map_or_else(|| "none".to_owned(), ToString::to_string);
        facts(&[
            ("standing", now.standing().as_str().to_owned()),
            ("reason", reason),
            ("tier", now.tier().to_owned()),
            ("cluster id", now.cluster_id().to_owned()),
            ("expires", expires_at.clone().unwrap_or_else(|| endless.to_owned())),
            ("lease until", or_none(&lease_until)),
            ("state file", now.memory().as_str().to_owned()),
        ])
    })
}
