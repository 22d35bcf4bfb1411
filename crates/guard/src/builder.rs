//! How a vendor's developer sets the guard up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, mpsc as sync_mpsc};

use tokio::sync::oneshot;

use crate::clock::{Clock, Random};
use crate::denied::StartError;
use crate::discovery::Sources;
use crate::environment::Environment;
use crate::fingerprint::Machine;
use crate::guard::Guard;
use crate::integrity::Integrity;
use crate::launch::died;
use crate::observer::Observer;
use crate::policy::Policy;
use crate::settings::Setup;
use crate::shared::Plan;
use crate::switch::Papers;
use crate::tamper::Tamper;

/// Sets a [`Guard`] up; from [`Guard::builder`].
#[must_use]
pub struct Builder {
    pub(crate) product: String,
    pub(crate) trust: String,
    pub(crate) trust_from_environment: bool,
    pub(crate) prefix: Option<String>,
    pub(crate) sources: Sources,
    pub(crate) server: Option<String>,
    pub(crate) revocations_url: Option<String>,
    pub(crate) cluster_id: Option<String>,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) nodes: Option<u32>,
    pub(crate) policy: Policy,
    pub(crate) free_features: Vec<String>,
    pub(crate) free_limits: BTreeMap<String, Option<u64>>,
    pub(crate) ranks: BTreeMap<String, u32>,
    pub(crate) setup: Setup,
    pub(crate) setup_mode: bool,
    pub(crate) observe_only: bool,
    pub(crate) papers: Papers,
    pub(crate) plans: Vec<Plan>,
    pub(crate) project_seed: Option<Vec<u8>>,
    pub(crate) integrity: Option<Integrity>,
    pub(crate) tamper: Option<Tamper>,
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    pub(crate) environment: Option<Environment>,
    pub(crate) machine: Option<Machine>,
    pub(crate) clock: Option<Arc<dyn Clock>>,
    pub(crate) random: Option<Arc<dyn Random>>,
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
            revocations_url: None,
            cluster_id: None,
            state_dir: None,
            nodes: None,
            policy: Policy::strict(),
            free_features: Vec::new(),
            free_limits: BTreeMap::new(),
            ranks: ranks.into_iter().map(|(name, rank)| (name.to_owned(), rank)).collect(),
            setup: Setup::default(),
            setup_mode: false,
            observe_only: false,
            papers: Papers::default(),
            plans: Vec::new(),
            project_seed: None,
            integrity: None,
            tamper: None,
            observers: Vec::new(),
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

    /// The path of a revocation list that somebody renews, from the application's configuration;
    /// `PREFIX_LICENSE_REVOCATIONS` outweighs it. Where there is no newer list in time, the policy's `unreachable` arm
    /// decides. A list beside the program, `licenses/revocations.json`, counts in any case.
    pub fn revocation_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.sources.list = Some(path.into());
        self
    }

    /// Where revocation lists are fetched by the hour, for products that ask no authority. Where there is no newer list
    /// in time, the policy's `unreachable` arm decides.
    pub fn revocations_url(mut self, address: impl Into<String>) -> Self {
        self.revocations_url = Some(address.into());
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

    /// Starts even where the product may not run, so that a user who is there can enter a licence: see
    /// [`Guard::set_up`]. Until then every check fails.
    pub fn setup_mode(mut self) -> Self {
        self.setup_mode = true;
        self
    }

    /// Decides and logs, and never acts: every check passes.
    pub fn observe_only(mut self) -> Self {
        self.observe_only = true;
        self
    }

    /// A `waiver+jwt` or its text from the application's configuration: enforcement off for a while. Else
    /// `PREFIX_LICENSE_WAIVER` (text or path), or `licenses/waiver.jwt` beside the program.
    pub fn waiver(mut self, text: impl Into<String>) -> Self {
        self.papers.waiver = Some(text.into());
        self
    }

    /// A `grace+jwt`: running before a licence exists. Else `PREFIX_LICENSE_GRACE` (text or path), or
    /// `licenses/grace.jwt` beside the program.
    pub fn grace(mut self, text: impl Into<String>) -> Self {
        self.papers.grace = Some(text.into());
        self
    }

    /// A plan that a customer could have, and its features, from the least on: so that a refusal can name the
    /// plan that is needed.
    pub fn plan<F: Into<String>>(
        mut self,
        name: impl Into<String>,
        features: impl IntoIterator<Item = F>,
    ) -> Self {
        let mut features: Vec<String> = features.into_iter().map(Into::into).collect();
        features.sort_unstable();
        self.plans.push(Plan { name: name.into(), tier: None, features });
        self
    }

    /// As [`Builder::plan`], for a plan of this tier: then a refusal names the tier too.
    pub fn plan_of_tier<F: Into<String>>(
        self,
        name: impl Into<String>,
        tier: impl Into<String>,
        features: impl IntoIterator<Item = F>,
    ) -> Self {
        let mut this = self.plan(name, features);
        if let Some(plan) = this.plans.last_mut() {
            plan.tier = Some(tier.into());
        }
        this
    }

    /// Keeps a chain of the actions that [`Guard::record`] tells of, keyed with these bytes among others: the
    /// product's `project_seed` in the vendor's catalogue.
    pub fn chain(mut self, project_seed: impl Into<Vec<u8>>) -> Self {
        self.project_seed = Some(project_seed.into());
        self
    }

    /// Checks that the program is that of the release: before the first verdict, every ten minutes, and by
    /// [`Guard::inspect`].
    pub fn integrity(mut self, integrity: Integrity) -> Self {
        self.integrity = Some(integrity);
        self
    }

    /// Looks for debuggers, profilers and instrumentation, as often.
    pub fn tamper(mut self, tamper: Tamper) -> Self {
        self.tamper = Some(tamper);
        self
    }

    /// Somebody who is told of the start, of every check and of usage.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observers.push(Arc::new(observer));
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
        let setup_mode = self.setup_mode;
        let guard = self.launch(Box::new(move |result| _ = verdict.send(result)))?;
        guard.started(wait.recv().unwrap_or_else(|_| Err(died())), setup_mode)
    }

    /// As [`Builder::start`], for async callers on any runtime.
    pub async fn start_async(self) -> Result<Guard, StartError> {
        let (verdict, wait) = oneshot::channel();
        let setup_mode = self.setup_mode;
        let guard = self.launch(Box::new(move |result| _ = verdict.send(result)))?;
        guard.started(wait.await.unwrap_or_else(|_| Err(died())), setup_mode)
    }
}
