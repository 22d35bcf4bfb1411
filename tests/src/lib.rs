//! What end-to-end tests share: the real binary, a served authority in a folder of its own, HTTP against it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up must fail loudly"
)]

pub mod foreign;
pub mod gate;
pub mod node;
pub mod registry;
pub mod s3;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The binary that `cargo test --workspace` has built beside the tests.
#[must_use]
pub fn binary(name: &str) -> PathBuf {
    let tests = std::env::current_exe().expect("the test finds itself");
    let path = tests.parent().and_then(Path::parent).expect("target/PROFILE/deps").join(name);
    assert!(path.exists(), "{} is missing: build the workspace first", path.display());
    path
}

/// The top of the checkout.
#[must_use]
pub fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the checkout").to_owned()
}

/// What a command did.
#[derive(Debug)]
pub struct Outcome {
    /// Exit status.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// The one JSON object on stdout.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("not one JSON object ({e}): {self:?}"))
    }

    /// Asserts success.
    #[must_use]
    pub fn done(self) -> Self {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }
}

/// A data directory of its own, and the command line on it.
pub struct Home {
    /// The folder; the data directory is `data` in it.
    pub folder: TempDir,
    /// The URL of the database, where it is not in the folder.
    pub database: Option<String>,
}

impl Home {
    /// An empty one.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            database: licentia_testing::postgres(),
        }
    }

    /// An empty one on a PostgreSQL database.
    #[must_use]
    pub fn on(database: String) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self { folder, database: Some(database) }
    }

    /// The data directory of another replica on the same database: the master key and nothing else.
    #[must_use]
    pub fn replica(&self) -> Self {
        let replica = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
            database: self.database.clone(),
        };
        std::fs::create_dir(replica.data()).expect("a folder");
        std::fs::copy(self.data().join("master.key"), replica.data().join("master.key"))
            .expect("the master key is copied with its mode");
        replica
    }

    /// One that is set up, with a catalogue.
    #[must_use]
    pub fn with_catalog(toml: &str) -> Self {
        let home = Self::empty();
        let _ = home.run(&["init"]).done();
        home.import(toml);
        home
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A path in the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// The binary with this data directory and a clean environment.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(binary("licentia"));
        command.env_clear().env("PATH", "/usr/bin:/bin").arg("--data").arg(self.data());
        if let Some(url) = &self.database {
            command.env("LICENTIA_DATABASE", url);
        }
        command
    }

    /// The same, killed as soon as a thread of it is at its `n`th write or flush of a file.
    #[must_use]
    pub fn killed_at(&self, n: usize) -> Command {
        let mut command = Command::new("strace");
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .args(["-D", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,fdatasync,fsync"])
            .arg("-e")
            .arg(format!("inject=pwrite64,fdatasync,fsync:signal=SIGKILL:when={n}"))
            .arg(binary("licentia"))
            .arg("--data")
            .arg(self.data());
        command
    }

    /// Runs a command.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Outcome {
        self.run_with_input(args, "")
    }

    /// Runs a command with something on standard input.
    #[must_use]
    pub fn run_with_input(&self, args: &[&str], input: &str) -> Outcome {
        let mut child = self
            .command()
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // A command that refuses early closes its end.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output = child.wait_with_output().expect("it ends");
        Outcome {
            status: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).expect("text"),
            stderr: String::from_utf8(output.stderr).expect("text"),
        }
    }

    /// Imports a catalogue.
    pub fn import(&self, toml: &str) {
        let path = self.path("catalog.toml");
        std::fs::write(&path, toml).expect("the catalogue is written");
        let _ = self.run(&["product", "import", &path]).done();
    }

    /// Issues a licence for a year and returns it as JSON.
    #[must_use]
    pub fn issue(&self, product: &str, plan: &str) -> Value {
        let args = ["license", "issue", "--json", "--product", product, "--plan", plan];
        let more = ["--email", "ada@example.com", "--days", "365"];
        self.run(&[&args[..], &more[..]].concat()).done().json()
    }

    /// Starts the authority on a free port.
    #[must_use]
    pub fn serve(&self) -> Server {
        Server::start(self.command())
    }
}

/// A served authority; killed when dropped.
pub struct Server {
    child: Child,
    /// Its address.
    pub url: String,
    client: reqwest::Client,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    /// Starts one on a free port.
    #[must_use]
    pub fn start(mut licentia: Command) -> Self {
        Self::start_as(licentia.stderr(Stdio::null()))
    }

    /// Starts one whose log goes where the command says.
    #[must_use]
    pub fn start_as(licentia: &mut Command) -> Self {
        Self::try_start(licentia).expect("the server says where it listens")
    }

    /// Starts one that may end before it listens.
    #[must_use]
    pub fn try_start(licentia: &mut Command) -> Option<Self> {
        let mut child = licentia
            .args(["serve", "--listen", "127.0.0.1:0"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        stdout.read_line(&mut line).expect("the first line");
        let Ok(first) = serde_json::from_str::<Value>(&line) else {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        };
        let url = first["listening"].as_str()?.to_owned();
        Some(Self { child, url, client: reqwest::Client::new() })
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM, and its exit status.
    #[must_use]
    pub fn terminate(self) -> Option<i32> {
        self.signal("TERM");
        self.wait()
    }

    /// Sends a signal.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let sent = Command::new("sh").args(["-c", &kill]).status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// The most memory that it ever had, in bytes (`VmHWM`).
    #[must_use]
    pub fn peak_memory(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("the server runs on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        kibibytes.expect("a number") * 1024
    }

    /// Waits for its end; its exit status.
    #[must_use]
    pub fn wait(mut self) -> Option<i32> {
        self.child.wait().ok().and_then(|status| status.code())
    }

    /// A POST with JSON; status and body (`null` where it is no JSON, or nothing came back).
    pub async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        let sent = self.client.post(format!("{}{path}", self.url)).json(body).send().await;
        let Ok(answer) = sent else { return (0, Value::Null) };
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// A POST with headers; the whole answer as text.
    pub async fn send(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let mut request = self.client.post(format!("{}{path}", self.url)).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let Ok(answer) = request.send().await else { return Reply::default() };
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Reply { status, headers, text: answer.text().await.unwrap_or_default() }
    }

    /// A GET; status and body.
    pub async fn get(&self, path: &str) -> (u16, Value) {
        let sent = self.client.get(format!("{}{path}", self.url)).send().await;
        let Ok(answer) = sent else { return (0, Value::Null) };
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or(Value::Null))
    }

    /// Activates; status and body.
    pub async fn activate(&self, key: &Value, cluster: &str, nonce: &str) -> (u16, Value) {
        let body = json!({ "license_key": key, "cluster_id": cluster, "nonce": nonce });
        self.post("/v1/license/activate", &body).await
    }
}

/// A whole answer; status 0 where none came.
#[derive(Debug, Default)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// Body.
    pub text: String,
}

impl Reply {
    /// The body as JSON; `null` where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The seconds of `Retry-After`.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        self.headers.get("retry-after")?.to_str().ok()?.parse().ok()
    }
}

/// The heartbeat that follows an activation.
#[must_use]
pub fn heartbeat(activation: &Value, generation: u64, nonce: &str) -> Value {
    json!({
        "activation_id": activation["activation_id"],
        "access_token": activation["access_token"],
        "token_version": activation["token_version"],
        "generation": generation,
        "nonce": nonce,
    })
}

/// The claims of a token, unchecked.
#[must_use]
pub fn claims(token: &Value) -> Value {
    let token = token.as_str().expect("a token");
    let (_, claims) = licentia_license::verify::decode_unverified(token).expect("a JWS");
    claims
}

/// A catalogue with one product `p` whose plan `a` has so many seats.
#[must_use]
pub fn catalog(seats: u32) -> String {
    format!(
        "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\n\n[[plan]]\ncode = \"a\"\ntier = \"A\"\n\
         rank = 1\nseats = {seats}\nfeatures = [\"x\"]\n"
    )
}
