//! `licentia plan …`.

use clap::Subcommand;

use crate::args::Cli;
use crate::failure::Failure;
use crate::local::authority;
use crate::output::{Output, limit};

/// Plans of the catalogue.
#[derive(Subcommand)]
pub enum Command {
    /// Plans by product and rank.
    #[command(after_help = "Example:\n  licentia plan list --product bzzz")]
    List {
        /// Only of this product.
        #[arg(long, value_name = "CODE")]
        product: Option<String>,
    },
}

pub(crate) async fn run(cli: &Cli, command: &Command, out: Output) -> Result<(), Failure> {
    let Command::List { product } = command;
    let plans = authority(cli).await?.list_plans(product.clone()).await?;
    out.list(&plans, ["PRODUCT", "PLAN", "TIER", "RANK", "SEATS", "NODES", "FEATURES"], |plan| {
        [
            plan.product.clone(),
            plan.code.clone(),
            plan.tier.clone(),
            plan.rank.to_string(),
            limit(plan.seats.as_ref()),
            limit(plan.nodes.as_ref()),
            plan.features.join(" "),
        ]
    })
}
