//! `licentia fingerprint`: the machine that a licence is bound to.

use licentia::fingerprint::{Machine, Outcome};
use licentia_license::fingerprint::{Component, Fingerprint};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{Output, facts, note};

/// Tell what this machine is known by, for `license issue --bind`; only hashes are printed.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia fingerprint --product bzzz\n  \
                        licentia fingerprint --product bzzz --explain")]
pub struct Args {
    /// The product that the licence is for; another product gets other hashes.
    #[arg(long, value_name = "CODE", default_value = "")]
    product: String,
    /// Say what was used, what was left out, and why.
    #[arg(long)]
    explain: bool,
}

pub(crate) fn run(args: &Args, out: Output) -> Result<(), Failure> {
    let machine = Machine::here(&args.product);
    let fingerprints = machine.fingerprints();
    if args.explain && !out.json {
        out.line("")?;
        for about in machine.explanations() {
            out.line(&format!("{:9} {}: {}", about.part, about.source, about.outcome))?;
        }
        out.line("")?;
    }
    let Some(first) = fingerprints.first() else {
        return Err(Failure::undone(
            "nothing on this machine tells it from others",
            "`licentia fingerprint --explain` says what could not be read; in a container, mount the host's /etc/machine-id",
        ));
    };
    let of = |wanted: fn(&Fingerprint) -> bool| {
        fingerprints.iter().find(|fingerprint| wanted(fingerprint)).map(ToString::to_string)
    };
    let parts = of(|fingerprint| matches!(fingerprint, Fingerprint::Parts(_)));
    let host_mac = of(|fingerprint| matches!(fingerprint, Fingerprint::HostMac(_)));
    let mut result = json!({
        "fingerprint": first.to_string(),
        "product": args.product,
        "parts": parts,
        "host_mac": host_mac,
    });
    if args.explain {
        result["explanation"] = machine
            .explanations()
            .iter()
            .map(|about| {
                let used = about.outcome == Outcome::Used;
                json!({ "part": about.part, "source": about.source, "used": used, "outcome": about.outcome.to_string() })
            })
            .collect();
    }
    out.one(&result, |_| {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
        facts(&[("parts", text(&parts)), ("host-mac", text(&host_mac))])
    })?;
    warn(args, first, &result);
    Ok(())
}

/// What the fingerprint is not good for.
fn warn(args: &Args, first: &Fingerprint, result: &Value) {
    if args.product.is_empty() {
        note("no --product was given: `parts` holds for no product's licences, `host-mac` for all");
    }
    if let Fingerprint::Parts(parts) = first
        && parts.components().all(Component::is_shared)
    {
        note(
            "only the model of this machine is known: others of the same model have the same `parts`",
        );
    }
    if result["host_mac"].is_null() {
        note("`host-mac` needs a network interface with an IPv4 address");
    }
}
