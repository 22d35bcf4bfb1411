//! What the load runs on: a throw-away data directory with licences and activations, the authority on it as a
//! process of its own, and the echo as another.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use licentia_authority::licenses::issue::{Order, Term};
use licentia_authority::{Actor, Authority, AuthorityError, catalog};
use licentia_server::config::DatabaseUrl;
use licentia_server::startup::DataDir;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::http::Connection;
use super::load::Work;
use crate::failure::Failure;
use crate::output::note;

/// Seats enough that only the count of them matters.
pub(crate) const CATALOG: &str = "[product]\ncode = \"bench\"\nname = \"Bench\"\ngrace = \"30d\"\ndefault_plan = \"plan\"\n\n\
    [[plan]]\ncode = \"plan\"\ntier = \"STANDARD\"\nrank = 1\nseats = 1_000_000_000\n\
    features = [\"search\", \"export\", \"api\", \"sso\", \"audit\"]\nlimits = { agents = 50 }\n";
/// Most activations of one transaction of the set-up.
const CHUNK: usize = 2_000;

/// A product that asks.
pub(crate) struct Product {
    pub(crate) activation_id: Uuid,
    pub(crate) access_token: String,
    pub(crate) generation: u64,
}

/// The products, dealt out to connections.
pub(crate) struct Shares(Vec<Arc<Mutex<Vec<Product>>>>);

impl Shares {
    /// The share of a connection; it is its own until dropped.
    pub(crate) async fn take(&self, at: usize) -> OwnedMutexGuard<Vec<Product>> {
        Arc::clone(&self.0[at % self.0.len()]).lock_owned().await
    }
}

/// Where the load runs.
pub(crate) struct Place {
    data: Option<(TempDir, DataDir)>,
    folder: PathBuf,
    server: Option<Child>,
    echo: Child,
    host: String,
    echo_host: String,
    keys: Arc<Vec<String>>,
    licenses: Vec<Uuid>,
    products: std::sync::Mutex<(usize, Arc<Shares>)>,
    runs: AtomicU64,
}

impl Place {
    /// Makes a throw-away authority and starts it.
    pub(crate) async fn set_up(
        below: Option<&Path>,
        database: Option<&str>,
        activations: usize,
        licenses: usize,
    ) -> Result<Self, Failure> {
        let mut builder = tempfile::Builder::new();
        builder.prefix("licentia-bench-");
        let home = match below {
            Some(below) => builder.tempdir_in(below),
            None => builder.tempdir(),
        };
        let home = home.map_err(|e| {
            Failure::undone(format!("no temporary folder: {e}"), "choose another --place")
        })?;
        let url = database.map(|url| DatabaseUrl::new(url.to_owned()));
        let data = DataDir::new(home.path().join("authority")).with_database(url)?;
        let actor = Actor::new("cli:bench", "local");
        let (authority, _) = data.init(None, actor.clone()).await?;
        let catalog = catalog::parse(CATALOG).map_err(AuthorityError::from)?;
        authority.import_catalog(catalog, actor.clone()).await?;
        note(&format!("{licenses} licences, {activations} activations …"));
        let (keys, ids) = issue(&authority, licenses.max(1), &actor).await?;
        let products = fill(&authority, &ids, activations).await?;
        authority.close().await;
        let mut serve = myself()?;
        serve.arg("--data").arg(data.path()).args(["serve", "--listen", "127.0.0.1:0"]);
        if let Some(url) = database {
            serve.env("LICENTIA_DATABASE", url);
        }
        // All requests come from one address, and as fast as they can.
        for limit in [
            "ADDRESS_PER_MINUTE",
            "UNKNOWN_KEYS_PER_MINUTE",
            "ACTIVATION_PER_MINUTE",
            "LICENSE_PER_MINUTE",
            "STREAMS_PER_LICENSE",
        ] {
            serve.env(format!("LICENTIA_LIMITS__{limit}"), "0");
        }
        let (server, host) = start(serve).await?;
        let folder = home.path().to_owned();
        Self::beside(Some((home, data)), folder, Some(server), host, keys, ids, products).await
    }

    /// Activates on an authority that runs already.
    pub(crate) async fn elsewhere(
        server: &str,
        key: &str,
        activations: usize,
    ) -> Result<Self, Failure> {
        let host = server.strip_prefix("http://").ok_or_else(|| {
            Failure::usage(
                "the load speaks plain HTTP",
                "give an address like http://127.0.0.1:7878",
            )
        })?;
        let host = host.trim_end_matches('/').to_owned();
        let failed = |e: &dyn std::fmt::Display| {
            Failure::undone(format!("no activation: {e}"), "check address, key and seats")
        };
        let mut connection = Connection::open(&host).await.map_err(|e| failed(&e))?;
        let mut products = Vec::with_capacity(activations);
        let run = std::process::id();
        for at in 0..activations {
            let body = json!({ "license_key": key, "cluster_id": format!("bench-{run}-{at}"),
                               "nonce": format!("bench-nonce-{at}") });
            let sent =
                connection.post("/v1/license/activate", "", body.to_string().as_bytes()).await;
            let (status, answer) = sent.map_err(|e| failed(&e))?;
            let answer: Value = serde_json::from_slice(answer).unwrap_or(Value::Null);
            let id = answer["activation_id"].as_str().and_then(|id| id.parse().ok());
            let (Some(activation_id), Some(token)) = (id, answer["access_token"].as_str()) else {
                return Err(failed(&format!("{status} {}", answer["detail"])));
            };
            products.push(Product { activation_id, access_token: token.to_owned(), generation: 1 });
        }
        let folder = std::env::temp_dir();
        Self::beside(None, folder, None, host, vec![key.to_owned()], Vec::new(), products).await
    }

    async fn beside(
        data: Option<(TempDir, DataDir)>,
        folder: PathBuf,
        server: Option<Child>,
        host: String,
        keys: Vec<String>,
        licenses: Vec<Uuid>,
        products: Vec<Product>,
    ) -> Result<Self, Failure> {
        let mut command = myself()?;
        command.arg("bench-echo");
        let (echo, echo_host) = start(command).await?;
        let shares = Shares(vec![Arc::new(Mutex::new(products))]);
        Ok(Self {
            data,
            folder,
            server,
            echo,
            host,
            echo_host,
            keys: Arc::new(keys),
            licenses,
            products: std::sync::Mutex::new((1, Arc::new(shares))),
            runs: AtomicU64::new(0),
        })
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn echo(&self) -> &str {
        &self.echo_host
    }

    /// The number of a run of load, from 1.
    pub(crate) fn next_run(&self) -> u64 {
        self.runs.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Processor time that the process asked has taken so far; where the system tells, and it is ours.
    pub(crate) fn processor_time(&self, work: Work) -> Option<Duration> {
        let child = match work {
            Work::Real => self.server.as_ref()?,
            Work::Echo => &self.echo,
        };
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id()?)).ok()?;
        ticks(&stat).map(|ticks| Duration::from_millis(ticks * 10))
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn keys(&self) -> Arc<Vec<String>> {
        Arc::clone(&self.keys)
    }

    /// The authority's own directory and its licences, where it is ours.
    pub(crate) fn own(&self) -> Option<(&DataDir, &[Uuid])> {
        self.data.as_ref().map(|(_, data)| (data, &*self.licenses))
    }

    /// The products in so many shares.
    pub(crate) fn share(&self, _at: usize, connections: usize) -> Arc<Shares> {
        let mut products = self.products.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if products.0 != connections {
            let mut dealt: Vec<Vec<Product>> = (0..connections).map(|_| Vec::new()).collect();
            let mut next = 0;
            for share in &products.1.0 {
                // Between two runs nobody holds a share.
                let Ok(mut share) = share.try_lock() else { continue };
                for product in share.drain(..) {
                    dealt[next % connections].push(product);
                    next += 1;
                }
            }
            let shares = dealt.into_iter().map(|share| Arc::new(Mutex::new(share))).collect();
            *products = (connections, Arc::new(Shares(shares)));
        }
        Arc::clone(&products.1)
    }

    /// Stops both processes, and the directory goes.
    pub(crate) async fn end(mut self) -> Result<(), Failure> {
        for child in self.server.iter_mut().chain([&mut self.echo]) {
            child.kill().await.map_err(|e| {
                Failure::undone(format!("a process of the load goes on: {e}"), "end it by hand")
            })?;
        }
        Ok(())
    }
}

/// User and system time in hundredths of a second: fields 14 and 15 of `proc_pid_stat(5)`. The name before them is in
/// brackets and may hold anything.
fn ticks(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()?)
}

async fn issue(
    authority: &Authority,
    count: usize,
    actor: &Actor,
) -> Result<(Vec<String>, Vec<Uuid>), Failure> {
    let (mut keys, mut ids) = (Vec::with_capacity(count), Vec::with_capacity(count));
    let (mut running, mut begun) = (JoinSet::new(), 0);
    while ids.len() < count {
        // As many as share one commit.
        while begun < count && running.len() < 256 {
            let order = Order {
                product: "bench".into(),
                email: format!("bench-{begun}@example.com"),
                term: Term::Days(365),
                ..Order::default()
            };
            let (authority, actor) = (authority.clone(), actor.clone());
            running.spawn(async move { authority.issue(order, actor).await });
            begun += 1;
        }
        let Some(ended) = running.join_next().await else { break };
        let license = ended.map_err(|e| Failure::undone(e, "run it again"))??;
        ids.push(license.id);
        keys.extend(license.key);
    }
    Ok((keys, ids))
}

async fn fill(
    authority: &Authority,
    licenses: &[Uuid],
    activations: usize,
) -> Result<Vec<Product>, Failure> {
    let each = activations.div_ceil(licenses.len());
    let mut products = Vec::with_capacity(activations);
    let mut running = JoinSet::new();
    let mut left = activations;
    for &license in licenses {
        let mut mine = each.min(left);
        left -= mine;
        while mine > 0 {
            let chunk = mine.min(CHUNK);
            mine -= chunk;
            let authority = authority.clone();
            running.spawn(async move { authority.fill_activations(license, chunk).await });
            if running.len() >= 128
                && let Some(ended) = running.join_next().await
            {
                products.extend(made(ended)?);
            }
        }
    }
    while let Some(ended) = running.join_next().await {
        products.extend(made(ended)?);
    }
    Ok(products)
}

type Filled = Result<Vec<licentia_authority::activations::fill::Filled>, AuthorityError>;

fn made(ended: Result<Filled, tokio::task::JoinError>) -> Result<Vec<Product>, Failure> {
    let filled = ended.map_err(|e| Failure::undone(e, "run it again"))??;
    Ok(filled
        .into_iter()
        .map(|f| Product {
            activation_id: f.activation_id,
            access_token: f.access_token,
            generation: 1,
        })
        .collect())
}

fn myself() -> Result<Command, Failure> {
    let program = std::env::current_exe().map_err(|e| {
        Failure::undone(
            format!("this program does not find itself: {e}"),
            "run it by its full path",
        )
    })?;
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    Ok(command)
}

/// Starts it; the first line says where it listens.
async fn start(mut command: Command) -> Result<(Child, String), Failure> {
    let failed = |e: &dyn std::fmt::Display| {
        Failure::undone(format!("a process of the load does not start: {e}"), "run it again")
    };
    let mut child = command.spawn().map_err(|e| failed(&e))?;
    let stdout = child.stdout.take().ok_or_else(|| failed(&"it has no output"))?;
    let line = BufReader::new(stdout).lines().next_line().await.map_err(|e| failed(&e))?;
    let first: Value = serde_json::from_str(&line.unwrap_or_default()).map_err(|e| failed(&e))?;
    let url = first["listening"].as_str().unwrap_or_default();
    let host = url.strip_prefix("http://").ok_or_else(|| failed(&"it names no address"))?;
    Ok((child, host.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_a_name_of_any_kind() {
        let stat = "7 (a) b ( c) S 1 7 7 0 -1 4194304 100 0 0 0 12 30 0 0 20 0 4 0 100";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("7 (a) S 1"), None);
        assert_eq!(ticks(""), None);
    }
}
