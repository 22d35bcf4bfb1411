//! How a vendor's developer sets the guard up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, mpsc as sync_mpsc};

use arc_swap::ArcSwap;
use licentia_license::Trust;
use tokio::sync::{mpsc, oneshot, watch};

use crate::background::{Done, Shared, Worker, spawn};
use crate::client::Client;
use crate::clock::{Clock, NoEntropy, Random, unguessable};
use crate::denied::StartError;
use crate::discovery::{Found, Sources, Unreadable, find, read_text};
use crate::engine::{Engine, Start};
use crate::environment::{Environment, Names};
use crate::fingerprint::Machine;
use crate::guard::Guard;
use crate::policy::Policy;
use crate::reason::Reason;
use crate::settings::{Settings, Setup};
use crate::state::{State, Store};
use crate::system::{SystemClock, SystemRandom};

/// Sets a [`Guard`] up; from [`Guard::builder`].
#[must_use]
pub struct Builder {
    product: String,
    trust: String,
    trust_from_environment: bool,
    prefix: Option<String>,
    sources: Sources,
    server: Option<String>,
    cluster_id: Option<String>,
    state_dir: Option<PathBuf>,
    nodes: Option<u32>,
    policy: Policy,
    free_features: Vec<String>,
    free_limits: BTreeMap<String, Option<u64>>,
    ranks: BTreeMap<String, u32>,
    setup: Setup,
    environment: Option<Environment>,
    machine: Option<Machine>,
    clock: Option<Arc<dyn Clock>>,
    random: Option<Arc<dyn Random>>,
}

impl Builder {
    pub(crate) fn new(product: String, trust: String) -> Self {
        let ranks = [("FREE", 1), ("PRO", 2), ("ENTERPRISE", 3)];
        Self {
            product,
            trust,
            trust_from_environment: false,
            prefix: None,
            sources: Sources::default(),
            server: None,
            cluster_id: None,
            state_dir: None,
            nodes: None,
            policy: Policy::strict(),
            free_features: Vec::new(),
            free_limits: BTreeMap::new(),
            ranks: ranks.into_iter().map(|(name, rank)| (name.to_owned(), rank)).collect(),
            setup: Setup::default(),
            environment: None,
            machine: None,
            clock: None,
            random: None,
        }
    }

    /// The authority. `PREFIX_LICENSE_SERVER_URL` outweighs it. Without one the guard works offline.
    pub fn server(mut self, address: impl Into<String>) -> Self {
        self.server = Some(address.into());
        self
    }

    /// The key or the text of a licence file, in code: outweighs every other source.
    pub fn license_key(mut self, text: impl Into<String>) -> Self {
        self.sources.code = Some(text.into());
        self
    }

    /// The key or the text of a licence file from the application's configuration; the environment's
    /// `PREFIX_LICENSE_KEY` outweighs it.
    pub fn configured_license_key(mut self, text: impl Into<String>) -> Self {
        self.sources.configuration = Some(text.into());
        self
    }

    /// The path of a licence file from the application's configuration.
    pub fn license_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.path = Some(path.into());
        self
    }

    /// What this product's environment variables begin with. Without it that is the product's code in
    /// upper case, and the plain names (`LICENSE_KEY`, `LICENSE_SERVER_URL`, `CLUSTER_ID`) work too.
    pub fn env_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = Some(prefix.into());
        self
    }

    /// Lets `PREFIX_LICENSE_PUBLIC_KEY` or `LICENTIA_PUBLIC_KEY` (a path, PEM, JWKS or trust bundle)
    /// replace the built-in trust root. Whoever may choose the root may choose the licence.
    pub fn danger_trust_from_environment(mut self, allowed: bool) -> Self {
        self.trust_from_environment = allowed;
        self
    }

    /// This installation's id; `PREFIX_CLUSTER_ID` outweighs it. Without either it is made once and kept.
    pub fn cluster_id(mut self, id: impl Into<String>) -> Self {
        self.cluster_id = Some(id.into());
        self
    }

    /// Where the installation remembers its id and its lease; made on demand. Without it nothing outlives
    /// the process.
    pub fn state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(folder.into());
        self
    }

    /// Nodes of the cluster at start; later [`Guard::report_nodes`].
    pub fn nodes(mut self, nodes: u32) -> Self {
        self.nodes = Some(nodes);
        self
    }

    /// The machine, where it is not to be looked for: in tests, or where the application knows better.
    pub fn machine(mut self, machine: Machine) -> Self {
        self.machine = Some(machine);
        self
    }

    /// What follows from what; [`Policy::strict`] unless said otherwise.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The features of the free tier; none unless said otherwise.
    pub fn free_features<F: Into<String>>(mut self, features: impl IntoIterator<Item = F>) -> Self {
        self.free_features = features.into_iter().map(Into::into).collect();
        self.free_features.sort_unstable();
        self
    }

    /// A limit of the free tier; `None` is unlimited.
    pub fn free_limit(mut self, name: impl Into<String>, limit: Option<u64>) -> Self {
        self.free_limits.insert(name.into(), limit);
        self
    }

    /// The rank of a tier, for [`Guard::require_tier`] by name. FREE 1, PRO 2, ENTERPRISE 3 are known.
    pub fn tier(mut self, name: &str, rank: u32) -> Self {
        self.ranks.insert(name.to_uppercase(), rank);
        self
    }

    /// What the customer entered at set-up.
    pub fn setup(mut self, setup: Setup) -> Self {
        self.setup = setup;
        self
    }

    /// Other surroundings than the process's.
    pub fn environment(mut self, environment: Environment) -> Self {
        self.environment = Some(environment);
        self
    }

    /// Another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// Other randomness than the system's.
    pub fn random(mut self, random: Arc<dyn Random>) -> Self {
        self.random = Some(random);
        self
    }

    /// Starts the guard and waits for the first verdict: at most half a minute, where the authority is
    /// asked and does not answer.
    pub fn start(self) -> Result<Guard, StartError> {
        let (verdict, wait) = sync_mpsc::channel();
        // The caller may be gone; then nobody waits for the verdict.
        let guard = self.launch(Box::new(move |result| _ = verdict.send(result)))?;
        wait.recv().unwrap_or_else(|_| Err(died()))?;
        Ok(guard)
    }

    /// As [`Builder::start`], for async callers on any runtime.
    pub async fn start_async(self) -> Result<Guard, StartError> {
        let (verdict, wait) = oneshot::channel();
        let guard = self.launch(Box::new(move |result| _ = verdict.send(result)))?;
        wait.await.unwrap_or_else(|_| Err(died()))?;
        Ok(guard)
    }

    fn launch(self, started: Done<Result<(), StartError>>) -> Result<Guard, StartError> {
        if self.product.is_empty() {
            return Err(StartError::Misconfigured("the product has no code".to_owned()));
        }
        let environment = self.environment.unwrap_or_else(Environment::of_process);
        let names = Names::new(self.prefix.as_deref(), &self.product);
        let mut trust = match names.trust(&environment).filter(|_| self.trust_from_environment) {
            Some((name, value)) => {
                replaced_trust(value).map_err(|why| misconfigured(&name, &why))?
            }
            None => Trust::from_text(&self.trust)
                .map_err(|error| misconfigured("the built-in key", &error.to_string()))?,
        };
        let server = match names.find(&environment, "LICENSE_SERVER_URL") {
            Some((name, address)) => Some((name, address.to_owned())),
            None => self
                .server
                .filter(|address| !address.trim().is_empty())
                .map(|a| ("the server's address".to_owned(), a)),
        };
        let client = server
            .map(|(name, address)| Client::new(&address).map_err(|why| misconfigured(&name, &why)))
            .transpose()?;
        let key = read_key(find(&self.sources, &names, &environment), &mut trust);
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock::new()));
        let random = self.random.unwrap_or_else(|| Arc::new(SystemRandom));
        let kept = self.state_dir.is_some();
        let mut store = Store::new(self.state_dir);
        let state = store.load();
        let configured =
            names.find(&environment, "CLUSTER_ID").map(|(_, id)| id.to_owned()).or(self.cluster_id);
        let cluster_id =
            cluster_id(configured, &state, kept, &names, &*random).map_err(no_entropy)?;
        let machine = self.machine.unwrap_or_else(|| Machine::here(&self.product));
        let settings = Settings {
            product: self.product,
            policy: self.policy,
            free_features: self.free_features,
            free_limits: self.free_limits,
            ranks: self.ranks,
            setup: self.setup,
            hostname: environment.hostname().map(str::to_owned),
            machine: machine.fingerprints().to_vec(),
            clock: Arc::clone(&clock),
            random: Arc::clone(&random),
        };
        let ranks = settings.ranks.clone();
        let start = Start {
            settings,
            trust,
            key,
            cluster_id,
            state,
            store,
            nodes: self.nodes,
            online: client.is_some(),
        };
        let engine = Engine::new(start).map_err(no_entropy)?;
        let first = Arc::new(engine.snapshot());
        let changes = watch::Sender::new(Arc::clone(&first));
        let shared = Arc::new(Shared { current: ArcSwap::new(first), changes });
        let (orders, commands) = mpsc::unbounded_channel();
        let guard = Guard::new(Arc::clone(&shared), orders, ranks);
        spawn(Worker { engine, client, shared, commands, started: Some(started), clock, random });
        Ok(guard)
    }
}

/// The key, with the keyset that lies beside it in the file taken into the trust.
fn read_key(found: Result<Option<Found>, Unreadable>, trust: &mut Trust) -> Result<String, Reason> {
    let found =
        found.map_err(|unreadable| Reason::Unreadable(unreadable.0))?.ok_or(Reason::Missing)?;
    tracing::debug!(target: "license", source = found.source, "[License] Licence found");
    if let Some(keyset) = &found.file.keyset
        && let Err(invalid) = trust.accept_keyset(keyset)
    {
        tracing::warn!(target: "license", source = found.source, code = invalid.code(),
            "[License] The keyset in the licence file does not count");
    }
    Ok(found.file.license)
}

fn replaced_trust(value: &str) -> Result<Trust, String> {
    let text = if value.starts_with("-----BEGIN") || value.starts_with('{') {
        value.to_owned()
    } else {
        read_text(value.as_ref()).map_err(|error| error.to_string())?
    };
    let trust = Trust::from_text(&text).map_err(|error| error.to_string())?;
    tracing::warn!(target: "license", "[License] The built-in trust root is replaced by the environment's");
    Ok(trust)
}

/// Configuration or environment, else the state file, else a new one (decision 4).
fn cluster_id(
    configured: Option<String>,
    state: &State,
    kept: bool,
    names: &Names,
    random: &dyn Random,
) -> Result<String, NoEntropy> {
    let known = configured.filter(|id| !id.trim().is_empty()).or_else(|| state.cluster_id.clone());
    if let Some(id) = known {
        return Ok(id.trim().to_owned());
    }
    if !kept {
        tracing::warn!(target: "license",
            "[License] Neither a cluster id nor a state directory is configured; each start counts as a new installation");
    }
    Ok(format!("{}-cluster-{}", names.lower_prefix(), unguessable(random)?))
}

fn misconfigured(what: &str, why: &str) -> StartError {
    StartError::Misconfigured(format!("{what}: {why}"))
}

fn no_entropy(error: NoEntropy) -> StartError {
    StartError::Defect(error.to_string())
}

fn died() -> StartError {
    StartError::Defect("its background thread ended before the first verdict".to_owned())
}
