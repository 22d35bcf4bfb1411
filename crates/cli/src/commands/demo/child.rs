//! A node as a child process: its standings, one JSON line a change.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::failure::Failure;

/// How long the demo waits for anything: far beyond what is normal, so that only a real fault ends it.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Node {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// How a node ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) reason: String,
}

impl Node {
    /// Starts this very binary as a node, with nothing of our environment but what it needs.
    pub(crate) fn start(config: &Path, trust: &Path) -> Result<Self, Failure> {
        let program = std::env::current_exe().map_err(|e| {
            Failure::undone(
                format!("this program does not find itself: {e}"),
                "run it by its full path",
            )
        })?;
        let mut child = Command::new(program)
            .arg("example-node")
            .arg("--config")
            .arg(config)
            .env_clear()
            .env("LICENTIA_PUBLIC_KEY", trust)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|e| {
                Failure::undone(format!("the node does not start: {e}"), "run the demo again")
            })?;
        let stdout = child.stdout.take().ok_or_else(|| broken("the node has no output"))?;
        Ok(Self { child, lines: BufReader::new(stdout).lines() })
    }

    /// Waits for a line that `wanted` accepts.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Result<Value, Failure> {
        let found = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = self.lines.next_line().await {
                match serde_json::from_str(&line) {
                    Ok(value) if wanted(&value) => return Some(value),
                    _ => {}
                }
            }
            None
        });
        match found.await {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(broken(&format!(
                "the node ended before it was {what}: {}",
                self.last_words().await
            ))),
            Err(_) => {
                Err(broken(&format!("the node was not {what} within {} s", PATIENCE.as_secs())))
            }
        }
    }

    /// Waits for a standing such as `licensed`.
    pub(crate) async fn until_standing(&mut self, standing: &str) -> Result<Value, Failure> {
        self.until(standing, |line| line["event"] == "standing" && line["standing"] == standing)
            .await
    }

    /// Waits for the verdict of a feature gate.
    pub(crate) async fn until_gate(&mut self, feature: &str, allowed: bool) -> Result<(), Failure> {
        let what = format!("{} `{feature}`", if allowed { "allowed" } else { "refused" });
        self.until(&what, |line| {
            line["event"] == "gate" && line["feature"] == feature && line["allowed"] == allowed
        })
        .await
        .map(|_| ())
    }

    /// Waits until the process has ended.
    pub(crate) async fn ended(mut self) -> Result<Ended, Failure> {
        let status = tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .map_err(|_| broken("the node did not end"))?
            .map_err(|e| broken(&format!("the node cannot be waited for: {e}")))?;
        Ok(Ended { status, reason: self.last_words().await })
    }

    /// SIGTERM, as a service manager would send it.
    pub(crate) async fn stop(self) -> Result<Ended, Failure> {
        let pid = self.child.id().ok_or_else(|| broken("the node has ended already"))?;
        let sent = Command::new("sh").arg("-c").arg(format!("kill -TERM {pid}")).status().await;
        if !sent.is_ok_and(|status| status.success()) {
            return Err(broken("the node could not be told to stop"));
        }
        self.ended().await
    }

    async fn last_words(&mut self) -> String {
        let mut text = String::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            let mut bytes = Vec::new();
            // What could be read is better than nothing.
            let _ =
                tokio::time::timeout(Duration::from_secs(1), stderr.read_to_end(&mut bytes)).await;
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
        // Among its log lines stand the two that say what happened and what to try.
        let said = text.lines().find_map(|line| line.strip_prefix("cluster-node: "));
        said.unwrap_or("no reason given").to_owned()
    }
}

pub(crate) fn broken(what: &str) -> Failure {
    Failure::no(
        what,
        "run it again with --keep; if it repeats, report this defect with what it printed",
    )
}
