//! What all handles and the background thread share: the snapshot that checks read, and what they leave.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use licentia_license::Trust;
use tokio::sync::watch;

#[cfg(any(feature = "setup", feature = "tower"))]
use crate::clock::Clock;
use crate::counters::Counters;
use crate::denied::{Denied, PlanNeeded};
use crate::feature::Flag;
use crate::inspection::Inspector;
use crate::observer::{Check, Observer};
use crate::record::Records;
use crate::snapshot::Snapshot;
use crate::usage::Usage;

/// A plan that a customer could have, with its sorted features.
pub(crate) struct Plan {
    pub(crate) name: String,
    /// Its tier, where the builder was told.
    pub(crate) tier: Option<String>,
    pub(crate) features: Vec<String>,
}

pub(crate) struct Shared {
    pub(crate) current: ArcSwap<Snapshot>,
    pub(crate) changes: watch::Sender<Arc<Snapshot>>,
    pub(crate) usage: Arc<Usage>,
    pub(crate) records: Arc<Records>,
    #[cfg(any(feature = "setup", feature = "tower"))]
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) counters: Counters,
    /// The release that runs, and the keys as of the start that it is judged by.
    pub(crate) release: (Arc<Inspector>, Trust),
    pub(crate) observers: Vec<Arc<dyn Observer>>,
    /// From the least on.
    pub(crate) plans: Vec<Plan>,
    /// A flag for every feature that somebody holds a handle of.
    flags: Mutex<BTreeMap<String, Arc<Flag>>>,
}

impl Shared {
    pub(crate) fn new(
        first: Arc<Snapshot>,
        (usage, records): (Arc<Usage>, Arc<Records>),
        release: (Arc<Inspector>, Trust),
        observers: Vec<Arc<dyn Observer>>,
        plans: Vec<Plan>,
        #[cfg(any(feature = "setup", feature = "tower"))] clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            changes: watch::Sender::new(Arc::clone(&first)),
            current: ArcSwap::new(first),
            usage,
            records,
            #[cfg(any(feature = "setup", feature = "tower"))]
            clock,
            counters: Counters::default(),
            release,
            observers,
            plans,
            flags: Mutex::default(),
        }
    }

    /// Replaces what the checks read, where that changed.
    pub(crate) fn publish(&self, snapshot: Snapshot) {
        if **self.current.load() == snapshot {
            return;
        }
        let snapshot = Arc::new(snapshot);
        {
            // Under the lock, so that a handle that is made meanwhile begins with either.
            let flags = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
            self.current.store(Arc::clone(&snapshot));
            for (name, flag) in &*flags {
                self.set(flag, name, &snapshot);
            }
        }
        self.changes.send_replace(snapshot);
    }

    /// The flag of a feature.
    pub(crate) fn flag(&self, feature: &str) -> Arc<Flag> {
        let mut flags = self.flags.lock().unwrap_or_else(PoisonError::into_inner);
        let flag = flags.entry(feature.to_owned()).or_insert_with(|| {
            let flag = Arc::<Flag>::default();
            self.set(&flag, feature, &self.current.load());
            flag
        });
        Arc::clone(flag)
    }

    fn set(&self, flag: &Flag, feature: &str, snapshot: &Snapshot) {
        let on = snapshot.has_feature(feature);
        // With enforcement off a feature is on without being granted, which is to be told, as observers are.
        flag.set(on, snapshot.enforcement().is_on() && self.observers.is_empty());
    }

    /// A feature by its name.
    pub(crate) fn ensure(&self, feature: &str) -> Result<(), Denied> {
        let current = self.current.load();
        if current.grants(feature) {
            self.passed(&Check::Feature(feature), true);
            return Ok(());
        }
        self.settle(&current, &Check::Feature(feature), current.ensure(feature))
    }

    /// Counts a check, tells who observes, and lets pass what may not be refused.
    pub(crate) fn settle(
        &self,
        current: &Snapshot,
        check: &Check<'_>,
        verdict: Result<(), Denied>,
    ) -> Result<(), Denied> {
        self.passed(check, verdict.is_ok());
        match verdict {
            Ok(()) => Ok(()),
            Err(denied) => self.refuse(current, check, denied),
        }
    }

    pub(crate) fn passed(&self, check: &Check<'_>, passed: bool) {
        self.counters.count(passed);
        for observer in &self.observers {
            observer.on_check(check, passed);
        }
    }

    #[cold]
    fn refuse(
        &self,
        current: &Snapshot,
        check: &Check<'_>,
        mut denied: Denied,
    ) -> Result<(), Denied> {
        if let Denied::Feature { feature, plan, .. } = &mut denied {
            let has = |plan: &&Plan| plan.features.binary_search(feature).is_ok();
            let least = self.plans.iter().find(has);
            *plan = least.map(|plan| {
                Box::new(PlanNeeded { name: plan.name.clone(), tier: plan.tier.clone() })
            });
        }
        if current.enforcement().is_on() {
            tracing::debug!(target: "policy", %check, "[Policy] Refused: {denied}");
            return Err(denied);
        }
        tracing::warn!(target: "policy", %check, "[Policy] Would be refused, but enforcement is off: {denied}");
        Ok(())
    }
}
