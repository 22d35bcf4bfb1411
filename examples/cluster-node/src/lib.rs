//! A cluster node that runs only as far as its licence goes: what a vendor's program does with the guard.
//!
//! [`run`] is the whole program but for its arguments. What the node may do goes to standard output, one
//! JSON line a change; why it may not run goes to standard error, in two lines.

mod config;
mod ending;
mod set_up;

use std::fmt::Display;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use licentia::setup::{Entry, SetUp};
use licentia::{Environment, Guard, Policy, Setup, Snapshot, Standing};
use serde_json::json;

use crate::config::{ConfigError, License};
use crate::ending::Ending;

/// The keys whose licences this build accepts. A vendor replaces the file: see the README.
const TRUST: &str = include_str!("../trust.pem");
/// What the customer accepts.
const TERMS: &str = include_str!("../terms.txt");

/// Where a licence comes from that is not there yet.
pub enum HowToSetUp {
    /// Nowhere: without one the node does not start.
    NotAtAll,
    /// From a page at this address.
    Page(String),
    /// From the command line.
    Entered(Entry),
}

/// Runs the node until it is told to end (0), may not run (1), or cannot be configured (2).
pub async fn run(config: &Path) -> ExitCode {
    run_or_set_up(config, HowToSetUp::NotAtAll).await
}

/// The same, and sets the node up first where it has no licence.
pub async fn run_or_set_up(config: &Path, how: HowToSetUp) -> ExitCode {
    let mut ending = Ending::listen();
    let license = match config::read(config) {
        Ok(license) => license,
        Err(error) => return complain(2, error, "Correct the configuration and start again."),
    };
    let Some(policy) = Policy::named(&license.enforcement) else {
        let error = ConfigError::Enforcement(license.enforcement);
        return complain(2, error, "Correct the configuration and start again.");
    };
    let folder = config.parent().unwrap_or(Path::new("."));
    let mut guard = Guard::builder(&license.product, TRUST)
        .server(&license.server_url)
        .configured_license_key(&license.license_key)
        .cluster_id(&license.cluster_id)
        .state_dir(folder.join("state"))
        .environment(Environment::of_process().and_env_file(folder.join(".env")))
        .policy(policy)
        .free_features(&license.free_features)
        .nodes(license.nodes.unwrap_or(1))
        .setup(Setup {
            email: license.email.clone(),
            organization_name: license.organization_name.clone(),
            terms_accepted_at: license.terms_accepted_at,
        })
        .danger_trust_from_environment(true);
    if let Some(prefix) = &license.env_prefix {
        guard = guard.env_prefix(prefix);
    }
    if !matches!(how, HowToSetUp::NotAtAll) {
        guard = guard.setup_mode();
    }
    let guard = tokio::select! {
        started = guard.start_async() => match started {
            Ok(guard) => guard,
            Err(error) => return complain(1, &error, &error.advice()),
        },
        () = ending.told() => return ExitCode::SUCCESS,
    };
    let set_up = SetUp::new("BZZZ", config).terms(TERMS).server_url(&license.server_url);
    let set_up = tokio::select! {
        done = set_up::carry_out(&guard, set_up, how) => done,
        () = ending.told() => {
            guard.shutdown().await;
            return ExitCode::SUCCESS;
        }
    };
    if let Err(error) = set_up {
        guard.shutdown().await;
        return complain(1, &error, error.advice());
    }
    work(&guard, &license, &mut ending).await
}

/// The node's life: here, showing what it may do.
async fn work(guard: &Guard, license: &License, ending: &mut Ending) -> ExitCode {
    let mut watch = guard.watch();
    let mut shown = None;
    loop {
        let current = tokio::select! {
            current = watch.changed() => current,
            () = ending.told() => {
                guard.shutdown().await;
                show(&standing(&guard.snapshot()));
                return ExitCode::SUCCESS;
            }
        };
        let Some(current) = current else { return ExitCode::SUCCESS };
        // A renewed lease is a change too, but not of what the node may do.
        let line = standing(&current);
        if shown.as_ref() == Some(&line) {
            continue;
        }
        show(&line);
        shown = Some(line);
        if let Standing::Stopped { reason } = current.standing() {
            guard.shutdown().await;
            return complain(1, format!("the node stops: {reason}"), &reason.advice());
        }
        for feature in &license.gates {
            show(&gate(guard, feature));
        }
    }
}

fn standing(current: &Snapshot) -> serde_json::Value {
    let until = match current.standing() {
        Standing::Grace { until } => Some(*until),
        _ => None,
    };
    json!({
        "event": "standing",
        "standing": current.standing().as_str(),
        "reason": current.reason().map(licentia::Reason::code),
        "tier": current.tier(),
        "cluster_id": current.cluster_id(),
        "expires_at": current.license().and_then(|license| license.exp).map(time),
        "grace_until": until.map(time),
    })
}

fn gate(guard: &Guard, feature: &str) -> serde_json::Value {
    match guard.ensure(feature) {
        Ok(()) => json!({ "event": "gate", "feature": feature, "allowed": true }),
        Err(denied) => {
            json!({ "event": "gate", "feature": feature, "allowed": false, "message": denied.to_string() })
        }
    }
}

fn time(seconds: i64) -> Option<String> {
    jiff::Timestamp::from_second(seconds).ok().map(|at| at.to_string())
}

/// One line on standard output; whoever closed it does not want to know.
fn show(line: &serde_json::Value) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// What happened and what to try.
fn complain(status: u8, what: impl Display, advice: &str) -> ExitCode {
    let _ = writeln!(std::io::stderr(), "cluster-node: {what}\n{advice}");
    ExitCode::from(status)
}
