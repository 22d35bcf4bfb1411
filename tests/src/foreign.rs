//! Other people's programs that tell what they see as lines of JSON.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::checkout;

/// Far beyond what is normal: only a real fault ends a wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// The interpreter of the virtual environment that `scripts/test` sets up.
#[must_use]
pub fn python() -> PathBuf {
    let path = std::env::var_os("LICENTIA_TEST_PYTHON")
        .map_or_else(|| checkout().join("target/venv/bin/python"), PathBuf::from);
    assert!(path.exists(), "{} is missing: run ./scripts/test, which sets it up", path.display());
    path
}

/// The folder of packages that `scripts/test` sets up.
#[must_use]
pub fn node_modules() -> PathBuf {
    std::env::var_os("LICENTIA_TEST_NODE_MODULES")
        .map_or_else(|| checkout().join("target/node/node_modules"), PathBuf::from)
}

/// A program that runs; killed when dropped.
pub struct Foreign {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    /// The port it listens on.
    pub port: u16,
}

impl Foreign {
    /// Starts `tests/foreign/NAME` with these arguments; its first line says where it listens.
    #[must_use]
    pub fn start(name: &str, args: &[&str]) -> Self {
        let script = checkout().join("tests/foreign").join(name);
        let program = if name.ends_with(".py") { python() } else { "node".into() };
        let mut child = Command::new(program)
            .arg(script)
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts");
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (tell, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let said = serde_json::from_str(&line).expect("a line of JSON");
                if tell.send(said).is_err() {
                    break;
                }
            }
        });
        let stdin = child.stdin.take();
        let mut foreign = Self { child, stdin, lines, port: 0 };
        let port = foreign.next()["listening"].as_u64().and_then(|port| u16::try_from(port).ok());
        foreign.port = port.expect("a port");
        foreign
    }

    /// The next line, waited for.
    #[must_use]
    pub fn next(&self) -> Value {
        self.lines.recv_timeout(PATIENCE).expect("it says something")
    }

    /// Lines that are there.
    #[must_use]
    pub fn rest(&self) -> Vec<Value> {
        self.lines.try_iter().collect()
    }

    /// Hands it a line, and waits until it says that it has it.
    pub fn tell(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{line}").expect("it listens");
        let _ = self.next();
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
