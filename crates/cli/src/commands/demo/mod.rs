//! `licentia demo`: the main job in one go, on a throw-away data directory with the five seeds' catalogues.
//!
//! Nothing is pretended: the authority serves on a real socket, the nodes are child processes that verify,
//! activate and heartbeat on their own, and the demo only watches what they print.

mod child;
mod story;

use std::process::ExitCode;
use std::time::Instant;

use licentia_authority::Actor;
use licentia_server::config::Config;
use licentia_server::serve::Server;
use licentia_server::startup::DataDir;
use serde_json::json;
use tokio::sync::oneshot;

use crate::commands::serve::stop_signal;
use crate::failure::Failure;
use crate::output::{Output, note};

/// Show the main job in one go: issue, verify offline, activate, heartbeat, feature gates, suspend, resume, revoke.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  licentia demo\n  licentia demo --keep")]
pub struct Args {
    /// Leave the authority running until Ctrl-C, and print its address and log-in.
    #[arg(long)]
    keep: bool,
}

/// The timeline, printed as it happens.
pub(crate) struct Timeline {
    out: Output,
    began: Instant,
}

impl Timeline {
    /// A heading.
    pub(crate) fn act(&self, title: &str) -> Result<(), Failure> {
        if self.out.json { Ok(()) } else { self.out.line(&format!("\n{title}")) }
    }

    /// Something that happened as it should.
    pub(crate) fn held(&self, what: &str) -> Result<(), Failure> {
        let at = self.began.elapsed();
        if self.out.json {
            let millis = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
            return self
                .out
                .line(&json!({ "at_ms": millis, "held": true, "what": what }).to_string());
        }
        self.out.line(&format!("  {:6.2} s  {what}", at.as_secs_f64()))
    }
}

pub(crate) async fn run(args: &Args, out: Output) -> Result<ExitCode, Failure> {
    let timeline = Timeline { out, began: Instant::now() };
    let home = tempfile::Builder::new().prefix("licentia-demo-").tempdir().map_err(|e| {
        Failure::undone(
            format!("no temporary folder: {e}"),
            "set TMPDIR to a folder that can be written to",
        )
    })?;
    let data = DataDir::new(home.path().join("authority"));
    let (authority, login) = data.init(None, Actor::new("cli:demo", "local")).await?;
    let server = Server::bind(([127, 0, 0, 1], 0).into()).await.map_err(|e| {
        Failure::undone(format!("no free port on loopback: {e}"), "look at the network set-up")
    })?;
    let address = format!("http://{}", server.address());
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(authority.clone(), Config::default(), async {
        // Told to stop, or the teller is gone: both mean stop.
        let _ = stopped.await;
    }));

    timeline.act("The authority")?;
    timeline.held(&format!("an authority of its own serves on {address}"))?;
    let told = story::tell(&timeline, &authority, home.path(), &address).await;
    if told.is_ok() && args.keep {
        note(&format!(
            "\nthe authority stays on {address} until Ctrl-C\noperator {}, API token {}\ndata {}",
            login.operator,
            login.api_token.expose(),
            data.path().display()
        ));
        stop_signal().await;
    }
    let _ = stop.send(());
    let ended = serving.await;
    home.close().map_err(|e| {
        Failure::undone(format!("the demo's folder stays behind: {e}"), "remove it by hand")
    })?;
    told?;
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(e)) => {
            return Err(Failure::undone(format!("the server failed: {e}"), "run the demo again"));
        }
        Err(e) => {
            return Err(Failure::undone(format!("the server failed: {e}"), "report this defect"));
        }
    }
    timeline.act("Every step held. Nothing was left behind.")?;
    Ok(ExitCode::SUCCESS)
}
