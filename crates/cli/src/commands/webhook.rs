//! `licentia webhook …`.

use clap::Subcommand;
use licentia_protocol::resource::{Job, Page, Webhook};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, facts, note, time};

const WEBHOOKS: &str = "/v1/admin/webhooks";

/// Where events are told to, by signed calls.
#[derive(Subcommand)]
pub enum Command {
    /// Make a webhook; its secret is shown this once.
    #[command(
        after_help = "Example:\n  licentia webhook create https://crm.example.com/licentia --event license.issued --event license.renewed"
    )]
    Create {
        /// Where to.
        url: String,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// Only this event; may be repeated. None: all of them.
        #[arg(long = "event", value_name = "EVENT")]
        events: Vec<String>,
        /// v1: HMAC-SHA256 under a secret; v1a: Ed25519, whoever checks cannot sign.
        #[arg(long, default_value = "v1")]
        signing: String,
    },
    /// Every webhook.
    #[command(after_help = "Example:\n  licentia webhook list")]
    List,
    /// One webhook.
    #[command(after_help = "Example:\n  licentia webhook show 5f0c2a4e-…")]
    Show {
        /// The webhook's id.
        id: Uuid,
    },
    /// Change a webhook.
    #[command(after_help = "Example:\n  licentia webhook update 5f0c2a4e-… --off")]
    Update {
        /// The webhook's id.
        id: Uuid,
        /// Where to.
        #[arg(long)]
        url: Option<String>,
        /// What it is for.
        #[arg(long)]
        description: Option<String>,
        /// Only this event; may be repeated.
        #[arg(long = "event", value_name = "EVENT", conflicts_with = "all_events")]
        events: Vec<String>,
        /// All events.
        #[arg(long)]
        all_events: bool,
        /// Send what happens from now on.
        #[arg(long, conflicts_with = "off")]
        on: bool,
        /// Send nothing; what waits is given up.
        #[arg(long)]
        off: bool,
    },
    /// Give it another secret; for 24 hours the former one signs, too.
    #[command(after_help = "Example:\n  licentia webhook rotate 5f0c2a4e-…")]
    Rotate {
        /// The webhook's id.
        id: Uuid,
    },
    /// Send the event webhook.test.
    #[command(after_help = "Example:\n  licentia webhook test 5f0c2a4e-…")]
    Test {
        /// The webhook's id.
        id: Uuid,
    },
    /// Remove a webhook; what waits for it is given up.
    #[command(after_help = "Example:\n  licentia webhook remove 5f0c2a4e-…")]
    Remove {
        /// The webhook's id.
        id: Uuid,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    let path = |id: &Uuid| format!("{WEBHOOKS}/{id}");
    let webhook: Webhook = match command {
        Command::List => {
            let page = office.get::<Page<Webhook>>(WEBHOOKS, &Vec::new()).await?;
            return out.list(
                &page.items,
                ["ID", "URL", "EVENTS", "SIGNING", "STATE"],
                |webhook: &Webhook| {
                    [
                        webhook.id.to_string(),
                        webhook.url.clone(),
                        events(webhook),
                        webhook.signing.clone(),
                        webhook.disabled_why.clone().unwrap_or_else(|| "on".into()),
                    ]
                },
            );
        }
        Command::Create { url, description, events, signing } => {
            let body = json!({
                "url": url, "description": description, "events": events, "signing": signing,
            });
            office.send(Method::POST, WEBHOOKS, &body).await?
        }
        Command::Show { id } => office.get(&path(id), &Vec::new()).await?,
        Command::Update { id, url, description, events, all_events, on, off } => {
            let events = (*all_events || !events.is_empty()).then(|| json!(events));
            let body = json!({
                "url": url,
                "description": description,
                "events": events.unwrap_or(Value::Null),
                "enabled": if *on || *off { json!(on) } else { Value::Null },
            });
            office.send(Method::PATCH, &path(id), &body).await?
        }
        Command::Rotate { id } => {
            office.send(Method::POST, &format!("{}/rotate", path(id)), &()).await?
        }
        Command::Test { id } => {
            let job: Job = office.send(Method::POST, &format!("{}/test", path(id)), &()).await?;
            return out.one(&job, |job| {
                format!("queued; `licentia job show {}` tells what became of it", job.id)
            });
        }
        Command::Remove { id } => {
            let _: Option<Webhook> = office.change(Method::DELETE, &path(id), &()).await?;
            note("the webhook is removed");
            return out.one(&json!({ "id": id, "removed": true }), |_| String::new());
        }
    };
    out.one(&webhook, |webhook| {
        let shown = webhook.secret.as_ref().map(|text| format!("{text}   (shown once, keep it)"));
        facts(&[
            ("id", webhook.id.to_string()),
            ("url", webhook.url.clone()),
            ("description", webhook.description.clone().unwrap_or_default()),
            ("events", events(webhook)),
            ("signing", webhook.signing.clone()),
            ("secret", shown.or_else(|| webhook.public_key.clone()).unwrap_or_else(|| "…".into())),
            ("former secret", time(webhook.former_secret_until, "none")),
            ("state", webhook.disabled_why.clone().unwrap_or_else(|| "on".into())),
        ])
    })
}

fn events(webhook: &Webhook) -> String {
    if webhook.events.is_empty() { "all".into() } else { webhook.events.join(" ") }
}
