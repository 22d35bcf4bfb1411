//! `licentia session …`.

use clap::Subcommand;
use licentia_protocol::resource::Session;
use serde_json::json;
use uuid::Uuid;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, more};

const SESSIONS: &str = "/v1/admin/sessions";

/// Log-ins of operators that go on.
#[derive(Subcommand)]
pub enum Command {
    /// Sessions, newest first.
    #[command(after_help = "Example:\n  licentia session list --operator ada")]
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
    /// End a session: it opens nothing from the next request on.
    #[command(after_help = "Example:\n  licentia session end 5f0c2a4e-…")]
    End {
        /// The session's id.
        id: Uuid,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let office = Office::open(cli).await?;
    match command {
        Command::List { operator, after, limit } => {
            let parameters = vec![("operator", operator.clone())];
            let page = office.list(SESSIONS, &parameters, after.clone(), *limit).await?;
            more(page.next.as_deref());
            out.list(
                &page.items,
                ["ID", "OPERATOR", "FROM", "PROGRAM", "BEGAN", "LAST USED", "ENDS"],
                |session: &Session| {
                    [
                        session.id.to_string(),
                        session.operator.clone(),
                        session.origin.clone(),
                        session.agent.clone().unwrap_or_default(),
                        session.created_at.to_string(),
                        session.last_used_at.to_string(),
                        session.expires_at.to_string(),
                    ]
                },
            )
        }
        Command::End { id } => {
            office.remove(&format!("{SESSIONS}/{id}")).await?;
            out.one(&json!({ "id": id, "ended": true }), |_| format!("the session {id} has ended"))
        }
    }
}
