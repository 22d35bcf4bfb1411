//! `licentia activation …`.

use clap::Subcommand;
use uuid::Uuid;

use crate::args::Cli;
use crate::failure::Failure;
use crate::local::authority;
use crate::output::{Output, time};

/// Activations and their seats.
#[derive(Subcommand)]
pub enum Command {
    /// Activations, newest first.
    #[command(after_help = "Example:\n  licentia activation list --license 5f0c2a4e-…")]
    List {
        /// Only of this licence.
        #[arg(long, value_name = "ID")]
        license: Option<Uuid>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let Command::List { license, limit } = command;
    let activations = authority(cli).await?.list_activations(*license, *limit).await?;
    out.list(
        &activations,
        ["ID", "CLUSTER", "HOST", "LIVE", "NODES", "LAST SEEN", "LEASE UNTIL"],
        |activation| {
            [
                activation.id.to_string(),
                activation.cluster_id.clone(),
                activation.hostname.clone().unwrap_or_default(),
                if activation.live { "yes" } else { "no" }.to_owned(),
                activation.nodes.map(|nodes| nodes.to_string()).unwrap_or_default(),
                activation.last_seen.to_string(),
                time(activation.lease_until, "given back"),
            ]
        },
    )
}
