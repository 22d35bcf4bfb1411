//! Works off jobs: a task a kind, so that a receiver that hangs holds up its own kind only. One replica does it, the
//! one that holds the lock of the database; a successor that begins too early finds what is under way claimed.

use std::sync::Arc;
use std::time::Duration;

use licentia_authority::Authority;
use licentia_authority::jobs::Outcome;
use licentia_model::{Job, JobState};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::carrier::Carrier;
use crate::metrics::Metrics;

/// How often it is looked for jobs that are due.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long an attempt may take; less than the claim on the job lasts.
pub(crate) const LONGEST: Duration = Duration::from_secs(45);

/// Works off the jobs of one carrier.
pub(crate) struct Worker {
    authority: Authority,
    carrier: Arc<dyn Carrier>,
    metrics: Arc<Metrics>,
}

impl Worker {
    pub(crate) fn new(
        authority: Authority,
        carrier: Arc<dyn Carrier>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self { authority, carrier, metrics }
    }

    /// Starts it; it ends when `stop` changes, after what is under way.
    pub(crate) fn start(self, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
        let this = Arc::new(self);
        tokio::spawn(async move {
            let mut ticks = interval(LOOK_EVERY);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let mut running = JoinSet::new();
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    // A place is free: there may be more to do.
                    Some(_) = running.join_next(), if !running.is_empty() => {}
                    _ = stop.changed() => break,
                }
                if this.authority.leads() {
                    this.fill(&mut running).await;
                }
            }
            while running.join_next().await.is_some() {}
        })
    }

    /// Takes as many jobs as there are free places.
    async fn fill(self: &Arc<Self>, running: &mut JoinSet<()>) {
        let places = self.carrier.at_once() as usize;
        let free = u32::try_from(places.saturating_sub(running.len())).unwrap_or(0);
        if free == 0 {
            return;
        }
        match self.authority.claim_jobs(self.carrier.kind(), free).await {
            Ok(jobs) => {
                for job in jobs {
                    let this = Arc::clone(self);
                    running.spawn(async move { this.attempt(job).await });
                }
            }
            Err(error) => {
                tracing::warn!(%error, kind = self.carrier.kind(), "jobs could not be claimed");
            }
        }
    }

    /// One attempt, whatever the carrier makes of it. Where its end cannot be put down, the job comes again.
    async fn attempt(&self, job: Job) {
        let (kind, id) = (self.carrier.kind(), job.id);
        let carried = timeout(LONGEST, self.carrier.carry(&job)).await;
        let outcome = carried.unwrap_or_else(|_| Outcome::failed("it took too long"));
        let failed = match &outcome {
            Outcome::Done(_) | Outcome::NotNow(_) => None,
            Outcome::Failed { why, .. } | Outcome::Hopeless(why) => Some(why.clone()),
        };
        let settled = self.authority.settle_job(&job, outcome, self.carrier.backoff()).await;
        self.metrics.job(kind, failed.is_none() && settled.is_ok(), self.authority.now());
        match (settled, failed) {
            (Ok(JobState::Dead), why) => {
                tracing::error!(kind, %id, attempts = job.attempts, why, "a job was given up; `licentia job resend` tries it again");
            }
            (Ok(_), Some(why)) => {
                tracing::warn!(kind, %id, attempts = job.attempts, why, "a job failed, and is tried again");
            }
            (Ok(_), None) => {}
            (Err(error), _) => {
                tracing::warn!(%error, kind, %id, "how a job ended could not be put down; it comes again");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    use licentia_authority::jobs::{Backoff, Filter, NewJob};
    use licentia_storage::BoxFuture;
    use licentia_testing::TestAuthority;

    use super::*;

    #[derive(Default)]
    struct Fake {
        broken: AtomicBool,
        carried: Mutex<Vec<(String, u32)>>,
    }

    impl Carrier for Fake {
        fn kind(&self) -> &'static str {
            "fake"
        }

        fn backoff(&self) -> Backoff {
            Backoff(&[10, 100])
        }

        fn carry<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Outcome> {
            Box::pin(async move {
                self.carried.lock().unwrap().push((job.event.clone(), job.attempts));
                match (job.event.as_str(), self.broken.load(SeqCst)) {
                    ("hopeless", _) => Outcome::Hopeless("nobody lives there".into()),
                    ("panics", _) => panic!("a carrier's defect"),
                    (_, true) => Outcome::failed("no answer"),
                    _ => Outcome::Done("250 taken".into()),
                }
            })
        }
    }

    struct Bench {
        test: TestAuthority,
        fake: Arc<Fake>,
        worker: Arc<Worker>,
    }

    impl Bench {
        async fn new() -> Self {
            let test = TestAuthority::new().await;
            let fake = Arc::new(Fake::default());
            let carrier: Arc<dyn Carrier> = fake.clone();
            let worker = Worker::new(test.authority.clone(), carrier, Arc::default());
            Self { test, fake, worker: Arc::new(worker) }
        }

        async fn queue(&self, event: &str, once: Option<&str>) -> bool {
            let new = NewJob {
                kind: "fake",
                event: event.into(),
                once: once.map(ToOwned::to_owned),
                ..NewJob::default()
            };
            self.test.authority.queue_job(new).await.unwrap()
        }

        /// What is due now, to its end.
        async fn round(&self) {
            let mut running = JoinSet::new();
            self.worker.fill(&mut running).await;
            while running.join_next().await.is_some() {}
        }

        async fn states(&self) -> Vec<(String, String, u32)> {
            let filter = Filter { limit: 100, ..Filter::default() };
            let page = self.test.authority.list_jobs(filter).await.unwrap();
            page.items.into_iter().map(|job| (job.event, job.state, job.attempts)).collect()
        }

        fn carried(&self) -> Vec<u32> {
            self.fake.carried.lock().unwrap().iter().map(|(_, attempts)| *attempts).collect()
        }
    }

    #[tokio::test]
    async fn what_fails_is_tried_again_by_its_schedule_and_given_up_in_the_end() {
        let bench = Bench::new().await;
        bench.fake.broken.store(true, SeqCst);
        assert!(bench.queue("a", Some("a")).await);
        assert!(!bench.queue("a", Some("a")).await, "once");
        for (after, tries) in [(0, 1), (9, 1), (2, 2), (99, 2), (11, 3), (9_999, 3)] {
            bench.test.clock.advance(after);
            bench.round().await;
            assert_eq!(bench.carried().len(), tries, "after {after} more seconds");
        }
        assert_eq!(bench.states().await, [("a".into(), "dead".into(), 3)]);
        bench.fake.broken.store(false, SeqCst);
        let id = bench.test.authority.list_jobs(Filter { limit: 1, ..Filter::default() }).await;
        let id = id.unwrap().items[0].id;
        for _ in 0..2 {
            bench.test.authority.resend_job(id, licentia_testing::actor()).await.unwrap();
        }
        bench.round().await;
        assert_eq!(bench.states().await, [("a".into(), "done".into(), 1)]);
        assert!(bench.test.authority.verify_audit().await.unwrap().valid);
    }

    #[tokio::test]
    async fn what_is_hopeless_is_given_up_at_once_and_a_defect_is_tried_again_when_the_claim_ends()
    {
        let bench = Bench::new().await;
        bench.queue("hopeless", None).await;
        bench.queue("panics", None).await;
        bench.round().await;
        let waits = ("panics".to_owned(), "waiting".to_owned(), 1);
        assert_eq!(bench.states().await, [waits.clone(), ("hopeless".into(), "dead".into(), 1)]);
        bench.test.clock.advance(59);
        bench.round().await;
        assert_eq!(bench.states().await[0], waits);
        bench.test.clock.advance(1);
        bench.round().await;
        assert_eq!(bench.states().await[0].2, 2);
    }

    #[tokio::test]
    async fn two_workers_carry_out_each_job_once() {
        let bench = Bench::new().await;
        for n in 0..100 {
            bench.queue(&format!("{n}"), None).await;
        }
        let carrier: Arc<dyn Carrier> = bench.fake.clone();
        let authority = bench.test.authority.clone();
        let other = Arc::new(Worker::new(authority, carrier, Arc::default()));
        let drain = |worker: Arc<Worker>| async move {
            let mut running = JoinSet::new();
            for _ in 0..50 {
                worker.fill(&mut running).await;
                while running.join_next().await.is_some() {}
            }
        };
        tokio::join!(drain(Arc::clone(&bench.worker)), drain(other));
        let mut events: Vec<_> =
            bench.fake.carried.lock().unwrap().iter().map(|(event, _)| event.clone()).collect();
        events.sort();
        events.dedup();
        assert_eq!((events.len(), bench.carried().len()), (100, 100));
    }
}
