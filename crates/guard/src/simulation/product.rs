//! A product with the real engine and state file in it, on a machine whose clock may be wrong.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use licentia_license::Trust;

use super::Dice;
use crate::clock::{Clock, NoEntropy, Random, Wait};
use crate::discovery::{Places, Sources};
use crate::engine::{Engine, Start};
use crate::environment::{Environment, Names};
use crate::policy::{Policy, Recovery};
use crate::record::Records;
use crate::seal::Seal;
use crate::settings::{Settings, Setup};
use crate::state::Store;
use crate::switch::Papers;
use crate::usage::Usage;

/// The true time with what this machine's clock is wrong by.
pub(super) struct Wrong {
    pub(super) truth: Arc<AtomicI64>,
    pub(super) off: AtomicI64,
}

impl Clock for Wrong {
    fn now_micros(&self) -> i64 {
        self.truth.load(Ordering::SeqCst) + self.off.load(Ordering::SeqCst)
    }

    fn steady_micros(&self) -> i64 {
        self.truth.load(Ordering::SeqCst)
    }

    fn wait_until(&self, _: i64) -> Wait<'_> {
        Box::pin(std::future::pending())
    }
}

/// Bytes that follow from the seed, for the guard and for the authority.
pub(super) struct Bytes(pub(super) Mutex<Dice>);

impl Bytes {
    fn dice(&self, bytes: &mut [u8]) {
        let mut dice = self.0.lock().unwrap();
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&dice.next().to_be_bytes()[..chunk.len()]);
        }
    }
}

impl Random for Bytes {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), NoEntropy> {
        self.dice(bytes);
        Ok(())
    }
}

impl licentia_model::Random for Bytes {
    fn fill(&self, bytes: &mut [u8]) {
        self.dice(bytes);
    }
}

pub(super) struct Product {
    pub(super) engine: Option<Engine>,
    pub(super) clock: Arc<Wrong>,
    pub(super) folder: PathBuf,
    pub(super) cluster: String,
    pub(super) policy: Policy,
    pub(super) signed_at: i64,
    /// Where it keeps a chain of actions, the seed of its key.
    pub(super) project_seed: Option<Vec<u8>>,
    /// Actions of the run.
    pub(super) records: Arc<Records>,
    /// Its clock is not the authority's, and no grant has told it so yet.
    pub(super) wrong: bool,
}

impl Product {
    pub(super) fn new(n: usize, cluster: usize, folder: &Path, truth: &Arc<AtomicI64>) -> Self {
        Self {
            engine: None,
            clock: Arc::new(Wrong { truth: Arc::clone(truth), off: AtomicI64::new(0) }),
            folder: folder.join(n.to_string()),
            cluster: format!("cluster-{cluster}"),
            policy: match n {
                1 => Policy::degrade(),
                2 => Policy { recovery: Recovery::Automatic, ..Policy::degrade() },
                _ => Policy::strict(),
            },
            signed_at: 0,
            project_seed: None,
            records: Arc::new(Records::new(None)),
            wrong: false,
        }
    }

    /// Whether it runs, or could come back by itself.
    pub(super) fn is_open(&self) -> bool {
        let Some(engine) = &self.engine else { return false };
        engine.snapshot().standing().is_full()
            || !engine.is_judged()
            || self.policy.recovery == Recovery::Automatic
    }

    pub(super) fn start(&mut self, key: &str, trust: Trust, seed: u64) {
        if self.project_seed.is_some() {
            let clock: Arc<dyn Clock> = Arc::<Wrong>::clone(&self.clock);
            self.records = Arc::new(Records::new(Some(clock)));
        }
        let random: Arc<dyn Random> = Arc::new(Bytes(Mutex::new(Dice(seed))));
        let seal = Seal::new("p", Some(&[1; 32]));
        let mut store = Store::new(Some(self.folder.clone()), "p", seal, Arc::clone(&random));
        let (state, memory) = store.load();
        let settings = Settings {
            product: "p".into(),
            policy: self.policy,
            free_features: Vec::new(),
            free_limits: std::collections::BTreeMap::new(),
            ranks: std::collections::BTreeMap::new(),
            setup: Setup::default(),
            observe_only: false,
            offline_grace_s: None,
            heartbeat_s: None,
            follows_lists: false,
            fetches_lists: false,
            hostname: None,
            machine: Vec::new(),
            clock: Arc::<Wrong>::clone(&self.clock),
            random,
        };
        let places = Places {
            sources: Sources { code: Some(key.into()), ..Sources::default() },
            names: Names::new(None, "p"),
            environment: Environment::default(),
        };
        let start = Start {
            settings,
            trust,
            found: places.find(),
            places,
            papers: Papers::default(),
            cluster_id: self.cluster.clone(),
            state,
            memory,
            store,
            usage: Arc::new(Usage::default()),
            records: Arc::clone(&self.records),
            project_seed: self.project_seed.clone(),
            inspector: Arc::default(),
            artifacts_digest: None,
            nodes: None,
            online: true,
            list_source: None,
        };
        self.engine = Some(Engine::new(start).unwrap());
    }
}
