//! `cluster-node --config FILE`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter =
        EnvFilter::builder().with_default_directive(LevelFilter::OFF.into()).from_env_lossy();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match &arguments[..] {
        [flag, file] if flag == "--config" => licentia_cluster_node::run(Path::new(file)).await,
        _ => {
            let _ = writeln!(
                std::io::stderr(),
                "cluster-node: one argument is wanted\nTry: cluster-node --config FILE"
            );
            ExitCode::from(2)
        }
    }
}
