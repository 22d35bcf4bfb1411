//! What is to be done at its time, by the authority's clock: one list of chores, one task, in one replica.
//!
//! A chore does no harm when it is done twice, and goes on where it ended when it was cut short. To add one: a line in
//! [`CHORES`].

use std::sync::Arc;
use std::time::Duration;

use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::Code;
use licentia_storage::BoxFuture;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use crate::artifacts;
use crate::config::Config;
use crate::metrics::Metrics;

/// How often the clock is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Something that is to be done again and again.
pub(crate) struct Chore {
    /// Its name in the metrics.
    pub(crate) name: &'static str,
    /// How often, in seconds by the authority's clock.
    pub(crate) every_s: i64,
    /// Does it.
    pub(crate) run: Run,
}

type Run = for<'a> fn(&'a Authority, &'a Config) -> BoxFuture<'a, Result<(), AuthorityError>>;

/// All of them.
pub(crate) const CHORES: &[Chore] = &[
    Chore {
        name: "prune",
        every_s: 3_600,
        run: |authority, config| {
            Box::pin(async move { authority.prune(config.usage.retention_days).await })
        },
    },
    Chore {
        name: "notices",
        every_s: 60,
        run: |authority, config| Box::pin(notices(authority, config)),
    },
    Chore {
        name: "uploads",
        every_s: 3_600,
        run: |authority, config| Box::pin(uploads(authority, config)),
    },
    // Nothing to do, once it was done.
    Chore {
        name: "mend_customers",
        every_s: 3_600,
        run: |authority, _| Box::pin(async move { authority.mend_customers().await.map(drop) }),
    },
];

/// Forgets what was uploaded in part and not gone on with.
async fn uploads(authority: &Authority, config: &Config) -> Result<(), AuthorityError> {
    let store = artifacts::of(authority, &config.releases);
    let forgotten = store.forget_abandoned(authority.now()).await.map_err(|error| {
        tracing::warn!(%error, "the store of releases failed");
        AuthorityError::Refused(Code::Unavailable)
    })?;
    if forgotten > 0 {
        tracing::info!(forgotten, "parts of uploads that nobody went on with");
    }
    Ok(())
}

/// Tells whose licences end, a page at a time.
async fn notices(authority: &Authority, config: &Config) -> Result<(), AuthorityError> {
    let all = config.notices.all();
    for days in &all {
        let (mut told, mut looked_at) = (0, 0);
        loop {
            let step = authority.notice(*days, &all).await?;
            told += step.told;
            looked_at += step.looked_at;
            if !step.more {
                break;
            }
            tracing::info!(days, looked_at, told, "notices of licences that end; more follow");
        }
        if told > 0 {
            tracing::info!(days, looked_at, told, "notices of licences that end");
        }
    }
    Ok(())
}

/// When each was done last.
pub(crate) struct Scheduler {
    authority: Authority,
    config: Config,
    metrics: Arc<Metrics>,
    last: Vec<Option<i64>>,
}

impl Scheduler {
    pub(crate) fn new(authority: Authority, config: Config, metrics: Arc<Metrics>) -> Self {
        Self { authority, config, metrics, last: vec![None; CHORES.len()] }
    }

    /// Starts it; it ends when `stop` changes.
    pub(crate) fn start(mut self, mut stop: watch::Receiver<bool>) {
        tokio::spawn(async move {
            let mut ticks = interval(LOOK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = stop.changed() => break,
                }
                if self.authority.leads() {
                    tokio::select! {
                        () = self.round() => {}
                        // What was cut short goes on with the next start.
                        _ = stop.changed() => break,
                    }
                }
            }
        });
    }

    /// Does what is due. Where the clock was set back it is due, too.
    pub(crate) async fn round(&mut self) {
        for (chore, last) in CHORES.iter().zip(&mut self.last) {
            let now = self.authority.now();
            if last.is_some_and(|last| (last..last + chore.every_s).contains(&now)) {
                continue;
            }
            *last = Some(now);
            let done = (chore.run)(&self.authority, &self.config).await;
            self.metrics.job(chore.name, done.is_ok(), now);
            if let Err(error) = done {
                tracing::warn!(%error, chore = chore.name, "a chore failed; it is done again at its next time");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use licentia_testing::TestAuthority;

    use super::*;

    #[tokio::test]
    async fn t14_a_chore_is_done_at_its_time_by_the_clock_of_the_authority() {
        let test = TestAuthority::new().await;
        let metrics = Arc::<Metrics>::default();
        let config = Config::default();
        let mut scheduler = Scheduler::new(test.authority.clone(), config, Arc::clone(&metrics));
        let runs = || {
            let text = metrics.text(test.authority.now(), (0, 0));
            let line = "licentia_job_runs_total{job=\"prune\",result=\"done\"} ";
            let found = text.lines().find_map(|found| found.strip_prefix(line));
            found.and_then(|count| count.parse().ok()).unwrap_or(0)
        };
        for (after, expected) in [(0, 1), (3_599, 1), (1, 2), (0, 2), (7_200, 3), (-9_999, 4)] {
            test.clock.advance(after);
            scheduler.round().await;
            assert_eq!(runs(), expected, "after {after} more seconds");
        }
    }

    #[tokio::test]
    async fn c7_abandoned_parts_are_forgotten_by_a_chore() {
        let test = TestAuthority::new().await;
        let part = test.folder.path().join("artifacts/uploads/x/000000");
        std::fs::create_dir_all(part.parent().unwrap()).unwrap();
        let file = std::fs::File::create(&part).unwrap();
        let now = u64::try_from(test.authority.now()).unwrap();
        file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(now)).unwrap();
        let config = Config::default();
        let mut scheduler = Scheduler::new(test.authority.clone(), config, Arc::default());
        for (after, stays) in [(0, true), (6 * 86_400, true), (86_400, true), (3_600, false)] {
            test.clock.advance(after);
            scheduler.round().await;
            assert_eq!(part.exists(), stays, "after {after} more seconds");
        }
    }
}
