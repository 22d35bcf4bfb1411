//! `licentia payment …`.

use clap::Subcommand;
use licentia_protocol::resource::Payment;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, more};

/// What payment providers told.
#[derive(Subcommand)]
pub enum Command {
    /// Events, the last that came first, each with the licence that its purchase pays for.
    #[command(after_help = "Example:\n  licentia payment list --limit 20")]
    List {
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let Command::List { after, limit } = command;
    let office = Office::open(cli).await?;
    let page = office.list("/v1/admin/payments", &Vec::new(), after.clone(), *limit).await?;
    more(page.next.as_deref());
    out.list(&page.items, ["AT", "PROVIDER", "KIND", "EVENT", "LICENSE"], |payment: &Payment| {
        [
            payment.at.to_string(),
            payment.provider.clone(),
            payment.kind.clone(),
            payment.event.clone(),
            payment.license.map(|id| id.to_string()).unwrap_or_default(),
        ]
    })
}
