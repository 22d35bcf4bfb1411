//! The example node inside this binary, so that `licentia demo` can run it as a real child process.

use std::path::PathBuf;
use std::process::ExitCode;

/// Run the example cluster node.
#[derive(clap::Args)]
pub struct Args {
    /// Its configuration.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(crate) async fn run(args: &Args) -> ExitCode {
    licentia_cluster_node::run(&args.config).await
}
