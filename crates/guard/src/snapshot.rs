//! What every check reads: one immutable value, replaced whole.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use licentia_license::waiver::GraceGrant;
use licentia_license::{License, Text, Verified};
use licentia_protocol::heartbeat::Advice;
use rustc_hash::FxBuildHasher;

use crate::denied::{Denied, Limit};
use crate::finding::Finding;
use crate::reason::Reason;
use crate::settings::Settings;
use crate::standing::{Machine, Standing};
use crate::state::Memory;
use crate::switch::Enforcement;

/// The name of the tier without a licence.
pub const FREE_TIER: &str = "FREE";

/// What the product may do, as of the last change.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    pub(crate) standing: Standing,
    pub(crate) reason: Option<Reason>,
    pub(crate) tier: String,
    pub(crate) rank: u32,
    pub(crate) features: HashSet<Text, FxBuildHasher>,
    pub(crate) limits: BTreeMap<Text, Option<u64>>,
    pub(crate) license: Option<Arc<Verified<License>>>,
    pub(crate) cluster_id: String,
    pub(crate) lease_until: Option<i64>,
    pub(crate) revocations_until: Option<i64>,
    pub(crate) memory: Memory,
    pub(crate) enforcement: Enforcement,
    pub(crate) decided: Standing,
    pub(crate) advice: Vec<Advice>,
    pub(crate) findings: Vec<Finding>,
}

impl Snapshot {
    /// What this standing and this licence allow.
    pub(crate) fn new(
        machine: &Machine,
        license: Option<&Arc<Verified<License>>>,
        grace: Option<&GraceGrant>,
        settings: &Settings,
    ) -> Self {
        let standing = machine.standing().clone();
        let in_force = license.filter(|_| standing.is_full());
        let grace = grace.filter(|_| standing.is_full() && in_force.is_none());
        let (features, limits): (Vec<Text>, _) = match (in_force, &standing) {
            _ if let Some(grace) = grace => (grace.features.clone(), grace.limits.clone()),
            (Some(license), _) => {
                let mut limits = license.limits.clone();
                // The claims `nodes` and `seats` are limits too, unless the licence has its own by those names.
                limits.entry("nodes".into()).or_insert(license.nodes.map(u64::from));
                limits.entry("seats".into()).or_insert(license.seats.map(u64::from));
                (license.features.clone(), limits)
            }
            (None, Standing::Free) => {
                let limits = settings.free_limits.iter().map(|(name, most)| (name.into(), *most));
                (settings.free_features.iter().map(Text::from).collect(), limits.collect())
            }
            _ => Default::default(),
        };
        let tier = in_force.map(|license| license.tier.as_str());
        let tier = tier.or_else(|| grace.map(|grace| grace.tier.as_str()));
        let rank = in_force.map(|license| license.rank).or_else(|| grace.map(|grace| grace.rank));
        let free_rank = settings.ranks.get(FREE_TIER).copied().unwrap_or(0);
        Self {
            reason: machine.reason().cloned(),
            tier: tier.unwrap_or(FREE_TIER).to_owned(),
            rank: rank.unwrap_or(free_rank),
            features: features.into_iter().collect(),
            limits,
            license: license.cloned(),
            cluster_id: String::new(),
            lease_until: None,
            revocations_until: None,
            memory: Memory::Unkept,
            enforcement: Enforcement::On,
            advice: Vec::new(),
            findings: Vec::new(),
            decided: standing.clone(),
            standing,
        }
    }

    /// Enforcement is off: what would have been decided is only told.
    pub(crate) fn lift(&mut self, enforcement: Enforcement, decided: Option<&Machine>) {
        if let Some(decided) = decided {
            self.decided = decided.standing().clone();
            self.reason = decided.reason().cloned();
        }
        // A shut-down is not a verdict.
        if !matches!(self.standing, Standing::Stopped { .. }) {
            self.standing = Standing::Licensed;
            self.enforcement = enforcement;
        }
    }

    /// What may be done.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// What the guard decided, which differs from the standing only where it does not act: see
    /// [`Snapshot::enforcement`].
    #[must_use]
    pub fn decided(&self) -> &Standing {
        &self.decided
    }

    /// Whether the guard acts on what it decides.
    #[must_use]
    pub fn enforcement(&self) -> &Enforcement {
        &self.enforcement
    }

    /// What the authority last advised the customer of: quotas near or over, and the plan that would fit. It
    /// changes nothing that is granted.
    #[must_use]
    pub fn advice(&self) -> &[Advice] {
        &self.advice
    }

    /// What the last look at the program found; what follows from it is in the standing.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What became of the last run's state.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.memory
    }

    /// Why it is not decided to be `Licensed`.
    #[must_use]
    pub fn reason(&self) -> Option<&Reason> {
        self.reason.as_ref()
    }

    /// The tier in force; [`FREE_TIER`] where none is.
    #[must_use]
    pub fn tier(&self) -> &str {
        &self.tier
    }

    /// The rank of the tier in force.
    #[must_use]
    pub fn rank(&self) -> u32 {
        self.rank
    }

    /// The last licence that checked out, in force or not.
    #[must_use]
    pub fn license(&self) -> Option<&Arc<Verified<License>>> {
        self.license.as_ref()
    }

    /// This installation's id at the authority.
    #[must_use]
    pub fn cluster_id(&self) -> &str {
        &self.cluster_id
    }

    /// End of the lease in seconds since the epoch; none where no authority granted one.
    #[must_use]
    pub fn lease_until(&self) -> Option<i64> {
        self.lease_until
    }

    /// Until when the newest revocation list counts, in seconds since the epoch; `None` where none was seen.
    #[must_use]
    pub fn revocations_until(&self) -> Option<i64> {
        self.revocations_until
    }

    /// Whether a feature may be used.
    #[must_use]
    pub fn has_feature(&self, name: &str) -> bool {
        self.grants(name) || !self.enforcement.is_on()
    }

    pub(crate) fn grants(&self, feature: &str) -> bool {
        self.features.contains(feature)
    }

    /// How much of something is granted; nothing is limited where enforcement is off.
    #[must_use]
    pub fn limit(&self, name: &str) -> Limit {
        if self.enforcement.is_on() { self.granted(name) } else { Limit::Unlimited }
    }

    fn granted(&self, name: &str) -> Limit {
        match self.limits.get(name) {
            Some(Some(most)) => Limit::AtMost(*most),
            Some(None) => Limit::Unlimited,
            None => Limit::NotGranted,
        }
    }

    pub(crate) fn ensure(&self, feature: &str) -> Result<(), Denied> {
        if self.grants(feature) {
            return Ok(());
        }
        self.ensure_running()?;
        Err(Denied::Feature {
            feature: feature.to_owned(),
            plan: None,
            tier: self.tier.clone(),
            reason: self.reason.clone(),
        })
    }

    pub(crate) fn require_rank(
        &self,
        rank: u32,
        wanted: &dyn std::fmt::Display,
    ) -> Result<(), Denied> {
        self.ensure_running()?;
        if self.rank >= rank {
            return Ok(());
        }
        Err(Denied::Tier {
            wanted: wanted.to_string(),
            tier: self.tier.clone(),
            reason: self.reason.clone(),
        })
    }

    pub(crate) fn within(&self, name: &str, amount: u64) -> Result<(), Denied> {
        self.ensure_running()?;
        let limit = self.granted(name);
        let fits = match limit {
            Limit::Unlimited => true,
            Limit::AtMost(most) => amount <= most,
            Limit::NotGranted => false,
        };
        if fits {
            return Ok(());
        }
        let tier = self.tier.clone();
        Err(Denied::Limit {
            name: name.to_owned(),
            amount,
            limit,
            tier,
            reason: self.reason.clone(),
        })
    }

    fn ensure_running(&self) -> Result<(), Denied> {
        match &self.standing {
            Standing::Stopped { reason } => Err(Denied::Stopped { reason: reason.clone() }),
            _ => Ok(()),
        }
    }
}
