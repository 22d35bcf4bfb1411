//! The example node as a process, watched by what it prints.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::binary;

/// Far beyond what is normal: only a real fault ends a wait.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running node.
pub struct Node {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

/// A node's place: its configuration, its state beside it, and the trust it is given.
pub struct Place {
    /// The folder.
    pub folder: PathBuf,
    trust: PathBuf,
}

impl Place {
    /// A node's folder below `home`, trusting the bundle in `trust`.
    #[must_use]
    pub fn new(home: &Path, name: &str, trust: &Path) -> Self {
        let folder = home.join(name);
        std::fs::create_dir_all(&folder).expect("the node's folder");
        Self { folder, trust: trust.to_owned() }
    }

    /// Starts the node with this section `license`.
    #[must_use]
    pub fn start(&self, section: &str) -> Node {
        self.start_with(section, &[])
    }

    /// Starts it with these variables in its environment too.
    #[must_use]
    pub fn start_with(&self, section: &str, variables: &[(&str, &str)]) -> Node {
        self.spawn(&[], section, variables)
    }

    /// Starts it under another program, which is given its command line.
    #[must_use]
    pub fn start_under(&self, program: &[&str], section: &str) -> Node {
        self.spawn(program, section, &[])
    }

    fn spawn(&self, program: &[&str], section: &str, variables: &[(&str, &str)]) -> Node {
        let config = self.folder.join("config.yaml");
        std::fs::write(&config, format!("agent:\n  id: walnut\nlicense:\n{section}"))
            .expect("its configuration");
        self.launch(program, &[], variables)
    }

    /// Starts it on the configuration that is there, with these arguments more.
    #[must_use]
    pub fn set_up(&self, args: &[&str], variables: &[(&str, &str)]) -> Node {
        self.launch(&[], args, variables)
    }

    fn launch(&self, program: &[&str], args: &[&str], variables: &[(&str, &str)]) -> Node {
        let config = self.folder.join("config.yaml");
        let node = binary("cluster-node");
        let mut command = match program.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(node);
                command
            }
            None => Command::new(node),
        };
        let mut child = command
            .arg("--config")
            .arg(config)
            .args(args)
            .env_clear()
            .env("LICENTIA_PUBLIC_KEY", &self.trust)
            .env("PATH", "/usr/bin:/bin")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the node starts");
        let stdout = child.stdout.take().expect("a pipe");
        Node { child, lines: BufReader::new(stdout).lines() }
    }
}

impl Node {
    /// Waits for a line that is wanted; panics with the node's last words where none comes.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let found = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = self.lines.next_line().await {
                let value: Value = serde_json::from_str(&line).expect("one JSON object a line");
                if wanted(&value) {
                    return Some(value);
                }
            }
            None
        });
        match found.await {
            Ok(Some(value)) => value,
            Ok(None) => panic!("the node ended before it was {what}: {}", self.stderr().await),
            Err(_) => panic!("the node was never {what}"),
        }
    }

    /// Memory of its own that is resident now, in KiB (`RssAnon` of `proc_pid_status(5)`).
    #[must_use]
    pub fn memory_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()?)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
        line.trim().strip_suffix(" kB")?.trim().parse().ok()
    }

    /// Whether it comes to this standing before its lines end.
    pub async fn reaches(&mut self, standing: &str) -> bool {
        let reached = tokio::time::timeout(PATIENCE, async {
            while let Ok(Some(line)) = self.lines.next_line().await {
                let line: Value = serde_json::from_str(&line).unwrap_or_default();
                if line["event"] == "standing" && line["standing"] == standing {
                    return true;
                }
            }
            false
        });
        reached.await.expect("it comes there, or it ends")
    }

    /// Waits for a standing.
    pub async fn until_standing(&mut self, standing: &str) -> Value {
        self.until(standing, |line| line["event"] == "standing" && line["standing"] == standing)
            .await
    }

    /// Waits for the verdict of a gate.
    pub async fn until_gate(&mut self, feature: &str, allowed: bool) -> Value {
        self.until(feature, |l| {
            l["event"] == "gate" && l["feature"] == feature && l["allowed"] == allowed
        })
        .await
    }

    /// SIGTERM, and how it ended.
    pub async fn terminate(self) -> (Option<i32>, String) {
        self.signal("TERM").await;
        self.ended().await
    }

    /// Sends a signal.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().expect("it runs");
        let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status().await;
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// SIGTERM once `then` is done, unless it ends before; its exit status, `None` where it was killed.
    pub async fn terminate_once(mut self, then: impl Future<Output = ()>) -> Option<i32> {
        tokio::select! {
            ended = self.child.wait() => return ended.expect("its status").code(),
            () = then => {}
        }
        let pid = self.child.id()?;
        // It may be killed just now.
        let _ = Command::new("sh").arg("-c").arg(format!("kill -TERM {pid}")).status().await;
        self.ended().await.0
    }

    /// `kill -9`.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it runs");
    }

    /// Waits for its end: exit status and standard error.
    pub async fn ended(mut self) -> (Option<i32>, String) {
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends");
        (ended.expect("its status").code(), self.stderr().await)
    }

    async fn stderr(&mut self) -> String {
        let mut bytes = Vec::new();
        if let Some(mut stderr) = self.child.stderr.take() {
            let _ = tokio::time::timeout(PATIENCE, stderr.read_to_end(&mut bytes)).await;
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
