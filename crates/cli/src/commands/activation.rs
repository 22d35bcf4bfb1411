//! `licentia activation …`.

use clap::Subcommand;
use licentia_protocol::resource::Activation;
use uuid::Uuid;

use crate::args::Cli;
use crate::failure::Failure;
use crate::local::{actor, authority};
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
    /// Take a seat from its holder; it is free at once, and the holder must activate again.
    #[command(after_help = "Example:\n  licentia activation release 7d5b7b60-…")]
    Release {
        /// The activation.
        #[arg(value_name = "ID")]
        id: Uuid,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let activations = match command {
        Command::List { license, limit } => {
            authority(cli).await?.list_activations(*license, *limit).await?
        }
        Command::Release { id } => vec![authority(cli).await?.release(*id, actor()).await?],
    };
    out.list(
        &activations,
        ["ID", "CLUSTER", "HOST", "SEAT", "NODES", "LAST SEEN", "LEASE UNTIL"],
        |activation| {
            [
                activation.id.to_string(),
                activation.cluster_id.clone(),
                activation.hostname.clone().unwrap_or_default(),
                seat(activation).to_owned(),
                activation.nodes.map(|nodes| nodes.to_string()).unwrap_or_default(),
                activation.last_seen.to_string(),
                time(activation.lease_until, "given back"),
            ]
        },
    )
}

/// How the seat is held, in a word.
fn seat(activation: &Activation) -> &'static str {
    match (activation.live, activation.overage, activation.overlapping) {
        (true, false, _) => "held",
        (true, true, _) => "overage",
        (false, _, true) => "overlapping",
        (false, _, false) => "free",
    }
}
