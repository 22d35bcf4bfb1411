//! `licentia serve`.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use licentia_authority::Authority;
use licentia_server::config::{Config, ConfigError};
use licentia_server::serve::Server;
use licentia_server::startup::StartupError;
use serde_json::json;

use crate::args::Cli;
use crate::commands::init::tell_login;
use crate::failure::Failure;
use crate::local::{actor, data_dir, read_config};
use crate::output::Output;

/// Run the authority. The first line on stdout says where it listens; SIGTERM drains and flushes.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  licentia serve --data ./licentia-data --listen 127.0.0.1:7878")]
pub struct Args {
    /// Address and port; port 0 takes a free one.
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Serve plain HTTP on an address that others can reach.
    #[arg(long)]
    insecure: bool,
    /// Configuration file; none: `licentia.toml` in the data directory, if it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Args {
    /// The file that is named, if one is.
    pub(crate) fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }
}

pub(crate) async fn run(cli: &Cli, args: &Args, out: Output) -> Result<(), Failure> {
    let mut config = read_config(cli, args.config.as_deref())?;
    if let Some(listen) = args.listen {
        config.server.listen = listen;
    }
    config.server.insecure |= args.insecure;
    config.check().map_err(|e| {
        let advice = match e {
            ConfigError::Payments { .. } => "correct the section in `licentia.toml`",
            ConfigError::Retention(_) => "set it to 32 or more, or leave it out",
            _ => "listen on 127.0.0.1 behind a proxy that does TLS, name the proxy in `[server] proxies`, or say --insecure",
        };
        Failure::usage(&e, advice)
    })?;
    // The port first: a second server on the same directory then changes nothing.
    let server = Server::bind(config.server.listen).await.map_err(|e| {
        let what = format!("{} cannot be listened on: {e}", config.server.listen);
        match e.kind() {
            ErrorKind::AddrInUse => {
                Failure::undone(what, "stop what uses the port, or choose another with --listen")
            }
            _ => Failure::undone(
                what,
                "choose another address with --listen; ports below 1024 need privileges",
            ),
        }
    })?;
    let authority = open(cli, &config).await?;
    let stop = stop_signal();
    out.line(&json!({ "listening": format!("http://{}", server.address()) }).to_string())?;
    server
        .run(authority, config, stop)
        .await
        .map_err(|e| Failure::undone(format!("the server stopped: {e}"), "see the log above"))
}

async fn open(cli: &Cli, config: &Config) -> Result<Authority, Failure> {
    let data = data_dir(cli, config)?;
    match data.open().await {
        Err(StartupError::NotInitialized(_)) => match data.init(None, actor()).await {
            Ok((authority, login)) => {
                tell_login(&login);
                Ok(authority)
            }
            // Another process was faster.
            Err(StartupError::AlreadyInitialized(_)) => Ok(data.open().await?),
            Err(error) => Err(error.into()),
        },
        opened => Ok(opened?),
    }
}

/// Ready at SIGTERM or Ctrl-C, from this call on and not only once it is waited for. Where a signal cannot be
/// listened for, it ends the process by itself.
pub(crate) fn stop_signal() -> impl Future<Output = ()> + Send + 'static {
    #[cfg(unix)]
    let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    #[cfg(unix)]
    let interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt());
    async move {
        #[cfg(unix)]
        match (terminate, interrupt) {
            (Ok(mut terminate), Ok(mut interrupt)) => tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            },
            _ => std::future::pending().await,
        }
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}
