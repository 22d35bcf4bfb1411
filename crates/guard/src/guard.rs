//! The handle that a product keeps, and the checks.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::sync::{Arc, mpsc as sync_mpsc};
use std::time::Duration;

use licentia_license::{License, Verified};
use tokio::sync::{mpsc, oneshot, watch};

use crate::background::{Command, Done};
use crate::builder::Builder;
use crate::counters::Counts;
use crate::denied::{Denied, Limit, StartError};
use crate::discovery;
use crate::feature::Feature;
use crate::finding::{Fact, Finding};
use crate::health::Health;
use crate::launch::died;
use crate::observer::Check;
use crate::reason::Reason;
use crate::record::NotRecorded;
use crate::settings::Setup;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::standing::Standing;

/// How long a shut-down may talk to the authority.
const FAREWELL: Duration = Duration::from_secs(5);
/// The same, where it was left to `drop`.
const HASTY_FAREWELL: Duration = Duration::from_secs(2);

/// The guard of one product. Clones are handles to the same guard; the last one that is dropped gives the
/// seat back, for which it waits two seconds at most: call [`Guard::shutdown`] where that is too long.
///
/// A check reads one immutable snapshot: no lock, no system call, no clock, and no allocation where it
/// passes.
#[derive(Clone)]
pub struct Guard {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    orders: mpsc::UnboundedSender<Command>,
    ranks: BTreeMap<String, u32>,
}

impl Guard {
    /// Begins to set a guard up for the product with this code, trusting these keys: a trust bundle, PEM
    /// or JWKS, as text in the build.
    pub fn builder(product: impl Into<String>, trust: impl Into<String>) -> Builder {
        Builder::new(product.into(), trust.into())
    }

    pub(crate) fn new(
        shared: Arc<Shared>,
        orders: mpsc::UnboundedSender<Command>,
        ranks: BTreeMap<String, u32>,
    ) -> Self {
        Self { inner: Arc::new(Inner { shared, orders, ranks }) }
    }

    /// The first verdict is there.
    pub(crate) fn started(
        self,
        verdict: Result<(), StartError>,
        setup_mode: bool,
    ) -> Result<Self, StartError> {
        match verdict {
            Err(StartError::Unlicensed(_)) if setup_mode => {}
            verdict => verdict?,
        }
        let snapshot = self.snapshot();
        for observer in &self.inner.shared.observers {
            observer.on_startup(&snapshot);
        }
        Ok(self)
    }

    /// Passes where the feature is granted; the error names it, the tier in force, and what to do.
    pub fn ensure(&self, feature: &str) -> Result<(), Denied> {
        self.inner.shared.ensure(feature)
    }

    /// A handle of a feature, for where it is checked very often.
    #[must_use]
    pub fn feature(&self, name: &str) -> Feature {
        Feature::new(name, &self.inner.shared)
    }

    /// Whether the feature is granted.
    #[must_use]
    pub fn has_feature(&self, feature: &str) -> bool {
        self.inner.shared.current.load().has_feature(feature)
    }

    /// The tier in force.
    #[must_use]
    pub fn tier(&self) -> String {
        self.inner.shared.current.load().tier.clone()
    }

    /// Passes where the tier in force is this one or a higher: a rank, or a name that the builder knows.
    pub fn require_tier<'a>(&self, tier: impl Into<Tier<'a>>) -> Result<(), Denied> {
        let (shared, tier) = (&self.inner.shared, tier.into());
        let current = shared.current.load();
        let verdict = match tier {
            Tier::Rank(rank) => current.require_rank(rank, &tier),
            Tier::Name(name)
                if current.standing.is_full() && current.tier.eq_ignore_ascii_case(name) =>
            {
                Ok(())
            }
            Tier::Name(name) => {
                let known =
                    self.inner.ranks.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
                // A tier that nobody ranked is only ever itself.
                current.require_rank(known.map_or(u32::MAX, |(_, rank)| *rank), &tier)
            }
        };
        shared.settle(&current, &Check::Tier(tier), verdict)
    }

    /// How much of something is granted; `nodes` and `seats` are the licence's own.
    #[must_use]
    pub fn limit(&self, name: &str) -> Limit {
        self.inner.shared.current.load().limit(name)
    }

    /// Passes where so much of something is granted.
    pub fn within(&self, name: &str, amount: u64) -> Result<(), Denied> {
        let shared = &self.inner.shared;
        let current = shared.current.load();
        let verdict = current.within(name, amount);
        shared.settle(&current, &Check::Limit { name, amount }, verdict)
    }

    /// Records usage, for the authority's quotas and for advice. It is counted once, kept over a restart, sent
    /// with heartbeats, and changes no standing, whatever becomes of it: see [`Guard::within`] for limits.
    ///
    /// Only what the licence limits leaves the machine, and the rest where it says `telemetry`. At most 64 meters at a
    /// time, with names of at most 64 characters.
    pub fn meter(&self, name: &str, amount: u64) {
        if self.inner.shared.usage.add(name, amount).is_err() {
            tracing::debug!(target: "license", "[License] A meter was not counted: its name is not good, or there are too many");
        }
        for observer in &self.inner.shared.observers {
            observer.on_record(name, amount);
        }
    }

    /// Records an action of a tenant in the chain that the authority checks (M9); of `data` only its SHA-256 leaves
    /// the process. It is kept over a restart and sent with heartbeats. At most 10,000 wait at a time.
    ///
    /// What becomes of it changes no standing here; an error means that it was not recorded.
    pub fn record(
        &self,
        action: &str,
        tenant: &str,
        data: impl AsRef<[u8]>,
    ) -> Result<(), NotRecorded> {
        self.inner.shared.records.add(action, tenant, data.as_ref())?;
        for observer in &self.inner.shared.observers {
            observer.on_action(action, tenant);
        }
        Ok(())
    }

    /// How many checks passed and how many were refused since the start.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.inner.shared.counters.counts()
    }

    /// The last licence that checked out, in force or not.
    #[must_use]
    pub fn license(&self) -> Option<Arc<Verified<License>>> {
        self.inner.shared.current.load().license.clone()
    }

    /// What to show under the application's `/health`.
    #[must_use]
    pub fn health(&self) -> Health {
        Health::of(&self.inner.shared.current.load())
    }

    /// The time, for what is noted beside the licence.
    #[cfg(feature = "setup")]
    pub(crate) fn now_micros(&self) -> i64 {
        self.inner.shared.clock.now_micros()
    }

    /// The time by a clock that nobody sets.
    #[cfg(feature = "tower")]
    pub(crate) fn steady_micros(&self) -> i64 {
        self.inner.shared.clock.steady_micros()
    }

    /// What the product may do.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.inner.shared.current.load().standing.clone()
    }

    /// Everything at once, as of one moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.inner.shared.current.load_full()
    }

    /// Follows the changes.
    #[must_use]
    pub fn watch(&self) -> Watch {
        let mut changes = self.inner.shared.changes.subscribe();
        // The first call answers at once with what stands now.
        changes.mark_changed();
        Watch { changes }
    }

    /// Says how many nodes the cluster has; the next heartbeat tells the authority.
    pub fn report_nodes(&self, nodes: u32) {
        // A guard that was shut down has nobody to tell.
        let _ = self.inner.orders.send(Command::Nodes(nodes));
    }

    /// Begins anew with the key, or the text of the licence file, that the user entered (decision 37): what a
    /// set-up page calls on a guard that was started in set-up mode. The application keeps what was entered.
    pub fn set_up(&self, license: &str, setup: Setup) -> Result<(), StartError> {
        let (verdict, wait) = sync_mpsc::channel();
        self.order_set_up(license, setup, Box::new(move |result| _ = verdict.send(result)));
        wait.recv().unwrap_or_else(|_| Err(died()))
    }

    /// As [`Guard::set_up`], for async callers on any runtime.
    pub async fn set_up_async(&self, license: &str, setup: Setup) -> Result<(), StartError> {
        let (verdict, wait) = oneshot::channel();
        self.order_set_up(license, setup, Box::new(move |result| _ = verdict.send(result)));
        wait.await.unwrap_or_else(|_| Err(died()))
    }

    fn order_set_up(&self, license: &str, setup: Setup, done: Done<Result<(), StartError>>) {
        let found = discovery::read(license, "what was entered".to_owned());
        let key = found.map_err(|unreadable| Reason::Unreadable(unreadable.0));
        // Where the thread is gone the channel's end tells the caller.
        let _ = self.inner.orders.send(Command::SetUp { key, setup: Box::new(setup), done });
    }

    /// Looks at the program now, as [`Builder::integrity`](crate::Builder::integrity) and
    /// [`Builder::tamper`](crate::Builder::tamper) ask for; what stands then, findings included.
    pub async fn inspect(&self) -> Arc<Snapshot> {
        let (done, wait) = oneshot::channel();
        let done: Done<Arc<Snapshot>> = Box::new(move |snapshot| _ = done.send(snapshot));
        let asked = self.inner.orders.send(Command::Inspect { done }).is_ok();
        match wait.await {
            Ok(snapshot) if asked => snapshot,
            _ => self.snapshot(),
        }
    }

    /// Opens a file of the release. The handle is the one that was hashed, so what is read from it is what the
    /// manifest lists, whatever becomes of the name meanwhile.
    pub fn open_listed(&self, name: &str) -> Result<File, Finding> {
        let (inspector, trust) = &self.inner.shared.release;
        match &inspector.checker {
            Some(checker) => checker.open(name, trust),
            None => Err(Finding::integrity(
                Fact::NoManifest,
                name,
                "the builder asked for no integrity",
            )),
        }
    }

    /// Stops the guard and keeps the seat, for the next start on the same state directory: what a command that
    /// only activates does. Every check fails from then on.
    pub async fn leave(&self) {
        let (done, wait) = oneshot::channel();
        let done: Done<()> = Box::new(move |()| _ = done.send(()));
        if self.inner.orders.send(Command::Leave { done }).is_ok() {
            let _ = wait.await;
        }
    }

    /// Gives the seat back and stops the guard; every check fails from then on.
    pub async fn shutdown(&self) {
        let (done, wait) = oneshot::channel();
        let done: Done<()> = Box::new(move |()| _ = done.send(()));
        if self.inner.orders.send(Command::ShutDown { budget: FAREWELL, done }).is_ok() {
            // An error means that the thread has ended, which is what was asked for.
            let _ = wait.await;
        }
    }

    /// As [`Guard::shutdown`], for programs without async.
    pub fn shutdown_blocking(&self) {
        self.inner.shut_down(FAREWELL);
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.inner.shared.current.load();
        f.debug_struct("Guard")
            .field("standing", &current.standing)
            .field("tier", &current.tier)
            .finish_non_exhaustive()
    }
}

impl Inner {
    fn shut_down(&self, budget: Duration) {
        let (done, wait) = sync_mpsc::channel();
        let done: Done<()> = Box::new(move |()| _ = done.send(()));
        if self.orders.send(Command::ShutDown { budget, done }).is_ok() {
            let _ = wait.recv_timeout(budget + Duration::from_secs(1));
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.shut_down(HASTY_FAREWELL);
    }
}

/// A tier, by rank or by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier<'a> {
    /// This rank or a higher.
    Rank(u32),
    /// This name, or one that the builder ranks higher.
    Name(&'a str),
}

impl fmt::Display for Tier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rank(rank) => write!(f, "of rank {rank}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

impl From<u32> for Tier<'_> {
    fn from(rank: u32) -> Self {
        Self::Rank(rank)
    }
}

impl<'a> From<&'a str> for Tier<'a> {
    fn from(name: &'a str) -> Self {
        Self::Name(name)
    }
}

/// Follows a guard's changes. Slow readers miss intermediate ones, never the last.
pub struct Watch {
    changes: watch::Receiver<Arc<Snapshot>>,
}

impl Watch {
    /// What stands now, at once the first time; then each change. `None` after the guard is gone.
    pub async fn changed(&mut self) -> Option<Arc<Snapshot>> {
        self.changes.changed().await.ok()?;
        Some(Arc::clone(&self.changes.borrow_and_update()))
    }
}
