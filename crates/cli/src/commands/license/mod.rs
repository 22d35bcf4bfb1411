//! `licentia license …`.

pub(crate) mod addons;
pub(crate) mod bulk;
pub(crate) mod csv;
pub(crate) mod decode;
pub(crate) mod exception;
pub(crate) mod issue;
pub(crate) mod reissue;
pub(crate) mod sign;
pub(crate) mod takeover;
pub(crate) mod verify;

use clap::Subcommand;
use licentia_protocol::licenses::{
    Because, ChangePlan, Convert, NewRenewalLink, RenewalLink, Revoke, Transfer,
};
use licentia_protocol::resource::License;
use reqwest::Method;
use serde::Serialize;
use uuid::Uuid;

use crate::args::Cli;
use crate::commands::import;
use crate::failure::Failure;
use crate::office::{Office, Parameters};
use crate::output::{Output, facts, limit, more, time};

/// Licences.
#[derive(Subcommand)]
pub enum Command {
    /// Issue a licence.
    Issue(issue::Args),
    /// Licences, newest first.
    #[command(
        after_help = "Examples:\n  licentia license list --product bzzz --state suspended\n  \
                            licentia license list --search lovelace"
    )]
    List {
        /// What it is narrowed to.
        #[command(flatten)]
        filter: Filter,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// All licences of a list as one document.
    #[command(
        after_help = "Example:\n  licentia license export --product bzzz --format csv > bzzz.csv"
    )]
    Export {
        /// What it is narrowed to.
        #[command(flatten)]
        filter: Filter,
        /// As what.
        #[arg(long, value_parser = ["json", "csv"], default_value = "json")]
        format: String,
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
    /// Give a licence another end; days count from the former one.
    #[command(after_help = "Example:\n  licentia license renew 5f0c2a4e-… --days 365")]
    Renew {
        /// The licence.
        id: Uuid,
        /// When it ends.
        #[command(flatten)]
        term: issue::TermArgs,
    },
    /// Make a link that renews a licence once, for whoever has it.
    #[command(
        after_help = "Example:\n  licentia license renewal-link 5f0c2a4e-… --days 365 --valid-days 14"
    )]
    RenewalLink {
        /// The licence.
        id: Uuid,
        /// By so many days from the end that it has now.
        #[arg(long)]
        days: u32,
        /// For how many days the link works.
        #[arg(long, default_value_t = 30)]
        valid_days: u32,
    },
    /// Set until when releases are part of a licence, apart from the right to use it.
    #[command(after_help = "Example:\n  licentia license maintain 5f0c2a4e-… --days 365")]
    Maintain {
        /// The licence.
        id: Uuid,
        /// Until when; days count from the former end, or from now where that has passed.
        #[command(flatten)]
        term: issue::TermArgs,
    },
    /// Change the plan; products activate again.
    #[command(after_help = "Example:\n  licentia license change-plan 5f0c2a4e-… --plan enterprise")]
    ChangePlan {
        /// The licence.
        id: Uuid,
        /// Code of another plan of its product.
        #[arg(long, value_name = "CODE")]
        plan: String,
        /// What was granted beside the former plan is not granted any more.
        #[arg(long)]
        drop_add_ons: bool,
    },
    /// Set what is granted beside the plan, in place of what was agreed before; nothing: the plan alone.
    #[command(
        after_help = "Example:\n  licentia license add-ons 5f0c2a4e-… --with rule-engine --limit agents=50"
    )]
    AddOns {
        /// The licence.
        id: Uuid,
        /// What is agreed.
        #[command(flatten)]
        agreed: addons::Agreed,
    },
    /// Turn a trial into a paid licence; seats and history are kept, and days count from now.
    #[command(after_help = "Example:\n  licentia license convert 5f0c2a4e-… --days 365")]
    Convert {
        /// The licence.
        id: Uuid,
        /// Code of another plan of its product.
        #[arg(long, value_name = "CODE")]
        plan: Option<String>,
        /// When it ends.
        #[command(flatten)]
        term: issue::TermArgs,
    },
    /// Give a licence to another customer; what the former one holds counts no more.
    #[command(
        after_help = "Example:\n  licentia license transfer 5f0c2a4e-… --email grace@example.com"
    )]
    Transfer {
        /// The licence.
        id: Uuid,
        /// The new customer's e-mail address.
        #[arg(long)]
        email: String,
        /// The new customer's personal name.
        #[arg(long)]
        name: Option<String>,
        /// The new customer's organisation.
        #[arg(long)]
        organization: Option<String>,
        /// The installations go along: keys from before still count and seats stay taken.
        #[arg(long)]
        keep_installations: bool,
    },
    /// Give a licence a new key, or all that one signing key signed.
    Reissue(reissue::Args),
    /// Take over what another system issued.
    Import(takeover::Args),
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
        Command::Import(args) => return takeover::run(cli, args, out).await,
        Command::Sign(args) => return sign::run(args, out),
        Command::Waive(args) => return exception::waive(cli, args, out).await,
        Command::Grace(args) => return exception::grace(cli, args, out).await,
        Command::List { filter, after, limit } => {
            let office = Office::open(cli).await?;
            let page =
                office.list("/v1/admin/licenses", &filter.told(), after.clone(), *limit).await?;
            more(page.next.as_deref());
            return out.list(
                &page.items,
                ["ID", "PRODUCT", "PLAN", "STATE", "EXPIRES", "CUSTOMER"],
                |license: &License| {
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
        Command::Export { filter, format } => {
            let mut parameters = filter.told();
            parameters.push(("format", Some(format.clone())));
            let office = Office::open(cli).await?;
            return office
                .stream("/v1/admin/licenses/export", &parameters, |piece| out.bytes(piece))
                .await;
        }
        Command::Show { id } => {
            Office::open(cli).await?.get(&format!("/v1/admin/licenses/{id}"), &Vec::new()).await?
        }
        Command::Suspend { id, reason } => {
            act(cli, *id, "suspend", &Because { reason: reason.clone() }).await?
        }
        Command::Cancel { id, reason } => {
            act(cli, *id, "cancel", &Because { reason: reason.clone() }).await?
        }
        Command::Resume { id } => act(cli, *id, "resume", &()).await?,
        Command::Revoke { id, reason, grace } => {
            act(cli, *id, "revoke", &Revoke { reason: reason.clone(), grace_s: *grace }).await?
        }
        Command::Renew { id, term } => act(cli, *id, "renew", &term.told()?).await?,
        Command::RenewalLink { id, days, valid_days } => {
            let new = NewRenewalLink { days: *days, valid_days: Some(*valid_days) };
            let path = format!("/v1/admin/licenses/{id}/renewal-link");
            let office = Office::open(cli).await?;
            let link: RenewalLink = office.send(Method::POST, &path, &new).await?;
            return out.one(&link, |link| {
                facts(&[
                    ("link", link.url.clone()),
                    ("works until", link.expires_at.to_string()),
                    ("renews until", link.renews_until.to_string()),
                ])
            });
        }
        Command::Maintain { id, term } => act(cli, *id, "maintain", &term.told()?).await?,
        Command::ChangePlan { id, plan, drop_add_ons } => {
            let change = ChangePlan { plan: plan.clone(), drop_addons: *drop_add_ons };
            act(cli, *id, "change-plan", &change).await?
        }
        Command::AddOns { id, agreed } => {
            let path = format!("/v1/admin/licenses/{id}/addons");
            Office::open(cli).await?.send(Method::PUT, &path, &agreed.all()).await?
        }
        Command::Convert { id, plan, term } => {
            act(cli, *id, "convert", &Convert { plan: plan.clone(), term: term.told()? }).await?
        }
        Command::Transfer { id, email, name, organization, keep_installations } => {
            let transfer = Transfer {
                email: email.clone(),
                name: name.clone(),
                organization: organization.clone(),
                keep_installations: *keep_installations,
            };
            act(cli, *id, "transfer", &transfer).await?
        }
    };
    out.one(&license, describe)
}

async fn act(cli: &Cli, id: Uuid, verb: &str, body: &impl Serialize) -> Result<License, Failure> {
    let office = Office::open(cli).await?;
    office.send(Method::POST, &format!("/v1/admin/licenses/{id}/{verb}"), body).await
}

/// What a list of licences is narrowed to.
#[derive(clap::Args)]
pub struct Filter {
    /// Only of this product.
    #[arg(long, value_name = "CODE")]
    product: Option<String>,
    /// Only of this plan of that product.
    #[arg(long, value_name = "CODE")]
    plan: Option<String>,
    /// Only of this customer: e-mail address or id.
    #[arg(long, alias = "email", value_name = "CUSTOMER")]
    customer: Option<String>,
    /// Only in this state.
    #[arg(long, value_parser = ["active", "trial", "suspended", "expired", "cancelled", "revoked"])]
    state: Option<String>,
    /// An id of the licence, of its key or an activation; words that begin words of its customer; or the beginning of
    /// the name of one of its clusters.
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Another order than the newest first.
    #[arg(long, value_parser = ["created_at", "-created_at", "expires_at", "-expires_at"], allow_hyphen_values = true)]
    sort: Option<String>,
}

impl Filter {
    fn told(&self) -> Parameters<'static> {
        vec![
            ("product", self.product.clone()),
            ("plan", self.plan.clone()),
            ("customer", self.customer.clone()),
            ("state", self.state.clone()),
            ("search", self.search.clone()),
            ("sort", self.sort.clone()),
        ]
    }
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
        ("maintained until", time(license.maintained_until, "as long as it is valid")),
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
