//! `licentia token …`.

use clap::Subcommand;
use jiff::civil::Date;
use licentia_protocol::resource::ApiToken;
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::args::Cli;
use crate::commands::license::issue::end_of_day;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, facts, more, time};

const TOKENS: &str = "/v1/admin/tokens";

/// API tokens of operators.
#[derive(Subcommand)]
pub enum Command {
    /// Make a token, which is shown this once.
    #[command(
        after_help = "Example:\n  licentia token create pipeline --operator owner --scope licenses:write --expires 2027-12-31"
    )]
    Create {
        /// What it is for.
        name: String,
        /// Whose it is; through --server: whoever asks, if nothing is said.
        #[arg(long)]
        operator: Option<String>,
        /// What it may do: `RESOURCE:read`, `RESOURCE:write`, `admin`; may be repeated.
        #[arg(long = "scope", value_name = "SCOPE", required = true)]
        scopes: Vec<String>,
        /// Good through the end of this day, UTC; none: it never ends.
        #[arg(long, value_name = "YYYY-MM-DD")]
        expires: Option<Date>,
    },
    /// Tokens, newest first.
    #[command(after_help = "Example:\n  licentia token list --operator ada")]
    List {
        /// Only those of this operator.
        #[arg(long)]
        operator: Option<String>,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Revoke a token: it opens nothing from the next request on.
    #[command(after_help = "Example:\n  licentia token revoke 5f0c2a4e-…")]
    Revoke {
        /// The token's id.
        id: Uuid,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    let token: ApiToken = match command {
        Command::List { operator, after, limit } => {
            let parameters = vec![("operator", operator.clone())];
            let page = office.list(TOKENS, &parameters, after.clone(), *limit).await?;
            more(page.next.as_deref());
            return out.list(
                &page.items,
                ["ID", "NAME", "OPERATOR", "BEGINS", "SCOPES", "EXPIRES", "LAST USED", "STATE"],
                |token: &ApiToken| {
                    [
                        token.id.to_string(),
                        token.name.clone(),
                        token.operator.clone(),
                        token.prefix.clone(),
                        token.scopes.join(" "),
                        time(token.expires_at, "never"),
                        time(token.last_used_at, "never"),
                        if token.revoked_at.is_some() { "revoked" } else { "good" }.to_owned(),
                    ]
                },
            );
        }
        Command::Create { name, operator, scopes, expires } => {
            let expires_at = expires.map(end_of_day).transpose()?;
            let body = json!({
                "name": name, "operator": operator, "scopes": scopes, "expires_at": expires_at,
            });
            office.send(Method::POST, TOKENS, &body).await?
        }
        Command::Revoke { id } => {
            office.send(Method::DELETE, &format!("{TOKENS}/{id}"), &()).await?
        }
    };
    out.one(&token, |token| {
        let shown = token.token.as_ref().map(|text| format!("{text}   (shown once, keep it)"));
        facts(&[
            ("id", token.id.to_string()),
            ("name", token.name.clone()),
            ("operator", token.operator.clone()),
            ("scopes", token.scopes.join(" ")),
            ("expires", time(token.expires_at, "never")),
            ("revoked", time(token.revoked_at, "no")),
            ("token", shown.unwrap_or_else(|| format!("{}…", token.prefix))),
        ])
    })
}
