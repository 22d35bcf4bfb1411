//! `licentia license …`.

pub(crate) mod decode;
pub(crate) mod exception;
pub(crate) mod issue;
pub(crate) mod reissue;
pub(crate) mod sign;
pub(crate) mod verify;

use clap::Subcommand;
use licentia_authority::licenses::list::Filter;
use licentia_protocol::resource::License;
use uuid::Uuid;

use crate::args::Cli;
use crate::commands::import;
use crate::failure::Failure;
use crate::local::{actor, authority};
use crate::output::{Output, facts, limit, time};

/// Licences.
#[derive(Subcommand)]
pub enum Command {
    /// Issue a licence.
    Issue(issue::Args),
    /// Licences, newest first.
    #[command(after_help = "Example:\n  licentia license list --product bzzz --state suspended")]
    List {
        /// Only of this product.
        #[arg(long, value_name = "CODE")]
        product: Option<String>,
        /// Only of this customer.
        #[arg(long)]
        email: Option<String>,
        /// Only in this state.
        #[arg(long, value_parser = ["active", "suspended", "cancelled", "revoked"])]
        state: Option<String>,
        /// Only those after this one.
        #[arg(long, value_name = "ID")]
        after: Option<Uuid>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// One licence with its key.
    #[command(after_help = "Example:\n  licentia license show 5f0c2a4e-…")]
    Show {
        /// The licence.
        id: Uuid,
    },
    /// Stop a licence for a while; running products hear of it at once.
    #[command(
        after_help = "Example:\n  licentia license suspend 5f0c2a4e-… --reason \"invoice 17 is open\""
    )]
    Suspend {
        /// The licence.
        id: Uuid,
        /// Why; for the audit trail.
        #[arg(long)]
        reason: Option<String>,
    },
    /// End a licence that its customer gave up; its products hear of it at once.
    #[command(
        after_help = "Example:\n  licentia license cancel 5f0c2a4e-… --reason \"subscription ended\""
    )]
    Cancel {
        /// The licence.
        id: Uuid,
        /// Why; for the audit trail.
        #[arg(long)]
        reason: Option<String>,
    },
    /// Put a suspended licence in force again.
    #[command(after_help = "Example:\n  licentia license resume 5f0c2a4e-…")]
    Resume {
        /// The licence.
        id: Uuid,
    },
    /// End a licence for good.
    #[command(
        after_help = "Example:\n  licentia license revoke 5f0c2a4e-… --reason refund --grace 7d"
    )]
    Revoke {
        /// The licence.
        id: Uuid,
        /// Why; for the audit trail.
        #[arg(long)]
        reason: Option<String>,
        /// How long running products may go on, e.g. `7d` or `12h`.
        #[arg(long, value_parser = seconds, default_value = "0s", value_name = "DURATION")]
        grace: u32,
    },
    /// Give a licence a new key, or all that one signing key signed.
    Reissue(reissue::Args),
    /// Accept somebody else's key for a licence.
    ImportKey(import::ImportKey),
    /// Check a key or licence file; needs no authority and no network.
    Verify(verify::Args),
    /// Show what a key says, without checking it.
    Decode(decode::Args),
    /// Switch a product's enforcement off for a while.
    Waive(exception::Waive),
    /// Let a product run before a licence exists.
    Grace(exception::Grace),
    /// Sign a licence with a key file; needs no authority and no database.
    Sign(sign::Args),
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let license = match command {
        Command::Issue(args) => return issue::run(cli, args, out).await,
        Command::Verify(args) => return verify::run(args, out).map(|_| ()),
        Command::Decode(args) => return decode::run(args, out),
        Command::Reissue(args) => return reissue::run(cli, args, out).await,
        Command::ImportKey(args) => return import::key(cli, args, out).await,
        Command::Sign(args) => return sign::run(args, out),
        Command::Waive(args) => return exception::waive(cli, args, out).await,
        Command::Grace(args) => return exception::grace(cli, args, out).await,
        Command::List { product, email, state, after, limit } => {
            let filter = Filter {
                product: product.clone(),
                email: email.clone(),
                state: state.clone(),
                after: *after,
                limit: *limit,
            };
            let licenses = authority(cli).await?.list_licenses(filter).await?;
            return out.list(
                &licenses,
                ["ID", "PRODUCT", "PLAN", "STATE", "EXPIRES", "CUSTOMER"],
                |license| {
                    [
                        license.id.to_string(),
                        license.product.clone(),
                        license.plan.clone(),
                        license.state.clone(),
                        time(license.expires_at, "never"),
                        license.customer.email.clone(),
                    ]
                },
            );
        }
        Command::Show { id } => authority(cli).await?.show_license(*id).await?,
        Command::Suspend { id, reason } => {
            authority(cli).await?.suspend(*id, checked(reason)?, actor()).await?
        }
        Command::Cancel { id, reason } => {
            authority(cli).await?.cancel(*id, checked(reason)?, actor()).await?
        }
        Command::Resume { id } => authority(cli).await?.resume(*id, actor()).await?,
        Command::Revoke { id, reason, grace } => {
            authority(cli).await?.revoke(*id, checked(reason)?, *grace, actor()).await?
        }
    };
    out.one(&license, describe)
}

/// A licence for people.
pub(crate) fn describe(license: &License) -> String {
    let limits =
        license.limits.iter().map(|(name, most)| format!("{name} {}", limit(most.as_ref())));
    facts(&[
        ("id", license.id.to_string()),
        ("product", license.product.clone()),
        ("plan", format!("{} ({})", license.plan, license.tier)),
        ("state", license.state.clone()),
        ("expires", time(license.expires_at, "never")),
        ("seats", limit(license.seats.as_ref())),
        ("nodes", limit(license.nodes.as_ref())),
        ("features", license.features.join(" ")),
        ("limits", limits.collect::<Vec<_>>().join(", ")),
        ("customer", license.customer.email.clone()),
        (
            "key",
            license
                .key
                .clone()
                .unwrap_or_else(|| "not kept; it was shown when it was issued".to_owned()),
        ),
    ])
}

fn checked(reason: &Option<String>) -> Result<Option<String>, Failure> {
    match reason {
        Some(text) if text.chars().count() > 500 || text.chars().any(char::is_control) => {
            Err(Failure::usage(
                "the reason must be at most 500 characters without control characters",
                "shorten it",
            ))
        }
        reason => Ok(reason.clone()),
    }
}

/// A duration such as `7d`, `12h`, `90s` in whole seconds.
fn seconds(text: &str) -> Result<u32, String> {
    let wrong = || "wants a duration such as 7d, 12h or 90s".to_owned();
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    number.parse::<u32>().ok().and_then(|n| n.checked_mul(unit)).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(seconds("7d"), Ok(604_800));
        assert_eq!(seconds("0s"), Ok(0));
        for wrong in ["", "7", "d", "7 d", "-1d", "1w", "99999999999d"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
