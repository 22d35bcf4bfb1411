//! From what the builder was told to a guard that runs.

use std::sync::Arc;

use licentia_license::Trust;
use tokio::sync::mpsc;

use crate::background::{Done, Worker, spawn};
use crate::builder::Builder;
use crate::client::Client;
use crate::clock::{NoEntropy, Random, unguessable};
use crate::denied::StartError;
use crate::discovery::{Places, read_text};
use crate::engine::{Engine, Start};
use crate::environment::{Environment, Names};
use crate::fingerprint::Machine;
use crate::guard::Guard;
use crate::inspection::Inspector;
use crate::integrity::Checker;
use crate::lists::Source;
use crate::record::Records;
use crate::seal::Seal;
use crate::settings::Settings;
use crate::shared::Shared;
use crate::state::{Memory, State, Store};
use crate::system::{SystemClock, SystemRandom};
use crate::usage::Usage;

const HOUR_S: i64 = 3600;

impl Builder {
    pub(crate) fn launch(self, started: Done<Result<(), StartError>>) -> Result<Guard, StartError> {
        let mut this = self;
        let (observers, plans) =
            (std::mem::take(&mut this.observers), std::mem::take(&mut this.plans));
        let (mut start, client) = this.assemble()?;
        let lists = start.list_source.take();
        let (clock, random) =
            (Arc::clone(&start.settings.clock), Arc::clone(&start.settings.random));
        let (ranks, usage) = (start.settings.ranks.clone(), Arc::clone(&start.usage));
        let records = Arc::clone(&start.records);
        let release = (Arc::clone(&start.inspector), start.trust.clone());
        let engine = Engine::new(start).map_err(no_entropy)?;
        let shared = Arc::new(Shared::new(
            Arc::new(engine.snapshot()),
            (usage, records),
            release,
            observers,
            plans,
            #[cfg(any(feature = "setup", feature = "tower"))]
            Arc::clone(&clock),
        ));
        let (orders, commands) = mpsc::unbounded_channel();
        let guard = Guard::new(Arc::clone(&shared), orders, ranks);
        spawn(Worker {
            engine,
            client,
            lists,
            shared,
            commands,
            started: Some(started),
            curious: Vec::new(),
            clock,
            random,
        });
        Ok(guard)
    }

    /// Reads the surroundings.
    pub(crate) fn assemble(self) -> Result<(Start, Option<Client>), StartError> {
        if self.product.is_empty() {
            return Err(StartError::Misconfigured("the product has no code".to_owned()));
        }
        let environment = self.environment.unwrap_or_else(Environment::of_process);
        let names = Names::new(self.prefix.as_deref(), &self.product);
        let trust = match names.trust(&environment).filter(|_| self.trust_from_environment) {
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
            .map(|(name, address)| {
                Client::new(&address, &environment).map_err(|why| misconfigured(&name, &why))
            })
            .transpose()?;
        let lists = self
            .revocations_url
            .as_deref()
            .map(|address| {
                Client::new(address, &environment)
                    .map(Source::at)
                    .map_err(|why| misconfigured("the address of the revocation list", &why))
            })
            .transpose()?;
        let fetches_lists = lists.is_some();
        let lists = lists.or_else(|| client.clone().map(Source::of_authority));
        let named = names.find(&environment, "LICENSE_REVOCATIONS").is_some();
        let follows_lists = fetches_lists || named || self.sources.list.is_some();
        let random = self.random.unwrap_or_else(|| Arc::new(SystemRandom));
        let machine = self.machine.unwrap_or_else(|| Machine::here(&self.product));
        let kept = self.state_dir.is_some();
        let seal = seal(&self.product, &machine, kept);
        let mut store = Store::new(self.state_dir, &self.product, seal, Arc::clone(&random));
        let (state, memory) = store.load();
        tell(memory);
        let configured =
            names.find(&environment, "CLUSTER_ID").map(|(_, id)| id.to_owned()).or(self.cluster_id);
        let cluster_id =
            cluster_id(configured, &state, kept, &names, &*random).map_err(no_entropy)?;
        let number = |name: &str, unit: i64| positive(&names, &environment, name, unit);
        let settings = Settings {
            policy: self.policy,
            free_features: self.free_features,
            free_limits: self.free_limits,
            ranks: self.ranks,
            setup: self.setup,
            observe_only: self.observe_only,
            offline_grace_s: number("LICENSE_OFFLINE_GRACE_HOURS", HOUR_S)?,
            heartbeat_s: number("LICENSE_HEARTBEAT_INTERVAL_MINUTES", 60)?,
            hostname: environment.hostname().map(str::to_owned),
            follows_lists,
            fetches_lists,
            machine: machine.fingerprints().to_vec(),
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock::new())),
            random,
            product: self.product,
        };
        let settings_product = settings.product.clone();
        let papers = self.papers.find(&names, &environment);
        let mut checker = self
            .integrity
            .map(|settings| Checker::new(&settings_product, settings, environment.program()));
        let artifacts_digest = checker.as_mut().and_then(|checker| checker.begin(&trust));
        let inspector =
            Inspector { checker, tamper: self.tamper, environment: environment.clone() };
        let places = Places { sources: self.sources, names, environment };
        let recording = self.project_seed.is_some() && client.is_some();
        let clock = recording.then(|| Arc::clone(&settings.clock));
        let start = Start {
            records: Arc::new(Records::new(clock)),
            inspector: Arc::new(inspector),
            artifacts_digest,
            project_seed: self.project_seed.filter(|_| recording),
            settings,
            trust,
            found: places.find(),
            places,
            papers,
            cluster_id,
            state,
            memory,
            store,
            usage: Arc::new(Usage::default()),
            nodes: self.nodes,
            online: client.is_some(),
            list_source: lists,
        };
        Ok((start, client))
    }
}

fn seal(product: &str, machine: &Machine, kept: bool) -> Seal {
    let secret = machine.seal();
    if kept {
        match &secret {
            Some(secret) if secret.is_unique => {}
            Some(_) => {
                tracing::info!(target: "license",
                    "[License] This machine has no id of its own; the state is sealed for machines of its model");
            }
            None => {
                tracing::warn!(target: "license",
                    "[License] Nothing tells this machine from others; the state is sealed for the product only");
            }
        }
    }
    Seal::new(product, secret.as_ref().map(|secret| &secret.secret))
}

fn tell(memory: Memory) {
    let why = match memory {
        Memory::Unkept | Memory::New | Memory::Kept => return,
        Memory::Foreign => "it is another machine's, or was changed; only the cluster id counts",
        Memory::Damaged => "it is damaged",
        Memory::Unreadable => "it cannot be read",
    };
    tracing::warn!(target: "license", code = memory.as_str(),
        "[License] The state of the last run is not used: {why}. The authority is asked anew");
}

fn positive(
    names: &Names,
    environment: &Environment,
    name: &str,
    unit: i64,
) -> Result<Option<i64>, StartError> {
    let Some((name, value)) = names.find(environment, name) else { return Ok(None) };
    let number = value.parse::<u32>().ok().filter(|number| *number > 0);
    match number {
        Some(number) => Ok(Some(i64::from(number).saturating_mul(unit))),
        None => Err(misconfigured(&name, "it must be a whole number above 0")),
    }
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

pub(crate) fn no_entropy(error: NoEntropy) -> StartError {
    StartError::Defect(error.to_string())
}

pub(crate) fn died() -> StartError {
    StartError::Defect("its background thread ended before the verdict".to_owned())
}
