//! `licentia usage …`.

use clap::Subcommand;
use licentia_protocol::resource::Usage;
use uuid::Uuid;

use crate::args::Cli;
use crate::failure::Failure;
use crate::office::Office;
use crate::output::{Output, more};

/// What licences used.
#[derive(Subcommand)]
pub enum Command {
    /// What was used in all, by licence and meter.
    #[command(after_help = "Example:\n  licentia usage show --license 5f0c2a4e-…")]
    Show {
        /// Only of this licence.
        #[arg(long, value_name = "ID")]
        license: Option<Uuid>,
        /// Only those after this one: the `next` of the list before.
        #[arg(long, value_name = "PLACE")]
        after: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let Command::Show { license, after, limit } = command;
    let parameters = vec![("license_id", license.map(|id| id.to_string()))];
    let office = Office::open(cli).await?;
    let page = office.list("/v1/admin/usage", &parameters, after.clone(), *limit).await?;
    more(page.next.as_deref());
    out.list(&page.items, ["LICENSE", "METER", "AMOUNT"], |usage: &Usage| {
        [usage.license_id.to_string(), usage.meter.clone(), usage.amount.to_string()]
    })
}
