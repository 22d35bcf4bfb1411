//! `licentia fingerprint`: the machine that a licence is bound to.

use licentia::fingerprint::{Explanation, Machine, Outcome};
use licentia_license::fingerprint::{Component, Fingerprint};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{Output, facts, note};

/// Tell what this machine is known by, for `license issue --bind`; only hashes are printed.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia fingerprint --product bzzz\n  \
                        licentia fingerprint --product bzzz --explain")]
pub struct Args {
    /// The product that the licence is for: it salts the hashes of `parts`. Without it only `host-mac` is told.
    #[arg(long, value_name = "CODE")]
    product: Option<String>,
    /// Say what was used, what was left out, and why.
    #[arg(long)]
    explain: bool,
}

pub(crate) fn run(args: &Args, out: Output) -> Result<(), Failure> {
    let product = args.product.as_deref();
    let machine = Machine::here(product.unwrap_or_default());
    if args.explain && !out.json {
        for about in machine.explanations() {
            out.line(&format!("{:9} {}: {}", about.part, about.source, about.outcome))?;
        }
        out.line("")?;
    }
    let known = machine.fingerprints();
    let parts = known.iter().find_map(|it| match it {
        Fingerprint::Parts(parts) => product.map(|_| parts),
        _ => None,
    });
    let host_mac =
        known.iter().find(|it| matches!(it, Fingerprint::HostMac(_))).map(ToString::to_string);
    let parts_text = parts.map(|parts| Fingerprint::Parts(parts.clone()).to_string());
    let Some(first) = parts_text.as_ref().or(host_mac.as_ref()) else {
        return Err(nothing(product));
    };
    let mut result = json!({
        "fingerprint": first,
        "product": product,
        "parts": parts_text,
        "host_mac": host_mac,
    });
    if args.explain {
        result["explanation"] = machine.explanations().iter().map(explained).collect();
    }
    out.one(&result, |_| {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not known".to_owned());
        facts(&[("parts", text(&parts_text)), ("host-mac", text(&host_mac))])
    })?;
    if product.is_none() {
        note("`parts` needs --product: each product has hashes of its own");
    }
    if parts.is_some_and(|parts| parts.components().all(Component::is_shared)) {
        note(
            "only the model of this machine is known: others of the same model have the same `parts`",
        );
    }
    Ok(())
}

fn explained(about: &Explanation) -> Value {
    json!({
        "part": about.part,
        "source": about.source,
        "used": about.outcome == Outcome::Used,
        "outcome": about.outcome.to_string(),
    })
}

fn nothing(product: Option<&str>) -> Failure {
    match product {
        None => Failure::usage(
            "without a network interface there is no `host-mac`, and without --product no `parts`",
            "`licentia fingerprint --product CODE`",
        ),
        Some(_) => Failure::undone(
            "nothing on this machine tells it from others",
            "`--explain` says what could not be read; in a container, mount the host's /etc/machine-id",
        ),
    }
}
