//! Random schedules against a simple model of seats: never one too many, never a promise broken.
//!
//! I1: live leases never exceed seats and overage. I2: who holds a lease that runs keeps its seat, unless it was
//! suspended, released or given back. I5: the generation of an activation only grows.

use std::collections::BTreeMap;

use licentia_model::Random;
use licentia_protocol::activate::{Answer, Request};
use licentia_testing::{SeededRandom, TestAuthority, actor};
use uuid::Uuid;

use crate::support::{CATALOG, activate, beat, from, heartbeat, lease, request};

const SEATS: usize = 2;
const OVERAGE: usize = 1;
const GRACE: i64 = 3_600;
const CLUSTERS: usize = 6;

/// What a cluster has, as the model sees it.
#[derive(Default)]
struct Cluster {
    answer: Option<Answer>,
    generation: u64,
    highest: u64,
    /// End of its lease; 0 where it has none.
    until: i64,
    /// Whether what it holds was made stale.
    stale: bool,
    /// The version of tokens that it knows.
    version: u64,
}

struct World {
    test: TestAuthority,
    key: String,
    license: Uuid,
    clusters: Vec<Cluster>,
    now: i64,
    suspended: bool,
    version: u64,
}

impl World {
    async fn new() -> Self {
        let catalog = CATALOG
            .replace("grace = \"24h\"", "grace = \"1h\"")
            .replace("limits =", "overage = 1\ntakeovers_per_day = 1000000\nlimits =");
        let (test, key) = from(&catalog).await;
        let filter = licentia_authority::licenses::list::Filter { limit: 1, ..Default::default() };
        let license = test.authority.list_licenses(filter).await.unwrap().items[0].id;
        let clusters = (0..CLUSTERS).map(|_| Cluster::default()).collect();
        Self { test, key, license, clusters, now: 0, suspended: false, version: 1 }
    }

    fn live(&self, except: usize) -> usize {
        let others = self.clusters.iter().enumerate().filter(|(n, _)| *n != except);
        others.filter(|(_, cluster)| cluster.until > self.now).count()
    }

    /// Whether the model gives this cluster a seat.
    fn may(&self, n: usize) -> bool {
        !self.suspended && (self.clusters[n].until > self.now || self.live(n) < SEATS + OVERAGE)
    }

    async fn activate(&mut self, n: usize) {
        let expected = self.may(n);
        let generation = self.clusters[n].answer.as_ref().map(|_| self.clusters[n].generation);
        let asked = Request { generation, ..request(&self.key, &format!("c{n}")) };
        let answer = activate(&self.test.authority, asked).await;
        assert_eq!(answer.is_ok(), expected, "activate {n}: {:?}", answer.err());
        let (until, version) = (self.now + GRACE, self.version);
        let cluster = &mut self.clusters[n];
        if let Ok(answer) = answer {
            cluster.generation = lease(&self.test.authority, &answer.lease).generation;
            assert!(cluster.generation > cluster.highest, "I5");
            cluster.highest = cluster.generation;
            (cluster.until, cluster.stale, cluster.version) = (until, false, version);
            cluster.answer = Some(answer);
        }
    }

    async fn heartbeat(&mut self, n: usize) {
        let Some(answer) = &self.clusters[n].answer else { return };
        let cluster = &self.clusters[n];
        let expected = self.may(n) && !cluster.stale && cluster.version == self.version;
        let asked = beat(answer, cluster.generation);
        let answer = heartbeat(&self.test.authority, asked).await;
        assert_eq!(answer.is_ok(), expected, "heartbeat {n}: {:?}", answer.err());
        let until = self.now + GRACE;
        let cluster = &mut self.clusters[n];
        if let Ok(answer) = answer {
            cluster.generation = lease(&self.test.authority, &answer.lease).generation;
            assert_eq!(cluster.generation, cluster.highest + 1, "I5");
            cluster.highest = cluster.generation;
            cluster.until = until;
            if let (Some(held), Some(renewed)) = (&mut cluster.answer, answer.access_token) {
                held.access_token = renewed;
            }
        }
    }

    async fn step(&mut self, roll: u64) {
        let n = usize::try_from(roll >> 8).unwrap() % CLUSTERS;
        match roll % 16 {
            0..5 => self.activate(n).await,
            5..10 => self.heartbeat(n).await,
            10 | 11 => {
                let seconds = [1, 60, 1_799, GRACE / 2, GRACE - 1, GRACE, GRACE + 1];
                let jump = seconds[usize::try_from(roll >> 16).unwrap() % seconds.len()];
                self.test.clock.advance(jump);
                self.now += jump;
            }
            12 => self.deactivate(n).await,
            13 => self.release(n).await,
            14 if self.suspended => {
                self.test.authority.resume(self.license, actor()).await.unwrap();
                self.suspended = false;
            }
            14 => {
                self.test.authority.suspend(self.license, None, actor()).await.unwrap();
                (self.suspended, self.version) = (true, self.version + 1);
            }
            _ => self.check().await,
        }
    }

    async fn deactivate(&mut self, n: usize) {
        let Some(answer) = self.clusters[n].answer.take() else { return };
        let back = licentia_protocol::deactivate::Request {
            access_token: Some(answer.access_token),
            ..Default::default()
        };
        self.test.authority.deactivate(back, "192.0.2.1".into()).await.map_err(Box::new).unwrap();
        self.clusters[n].until = 0;
    }

    async fn release(&mut self, n: usize) {
        let Some(answer) = &self.clusters[n].answer else { return };
        self.test.authority.release(answer.activation_id, actor()).await.unwrap();
        let cluster = &mut self.clusters[n];
        if cluster.until > 0 {
            (cluster.until, cluster.stale, cluster.highest) = (0, true, cluster.highest + 1);
        }
    }

    /// The database and the model name the same live seats.
    async fn check(&self) {
        let list = self.test.authority.list_activations(None, 100).await.unwrap();
        let live: BTreeMap<_, _> = list.into_iter().map(|a| (a.cluster_id, a.live)).collect();
        for (n, cluster) in self.clusters.iter().enumerate() {
            let held = live.get(&format!("c{n}")).copied().unwrap_or_default();
            assert_eq!(held, cluster.until > self.now, "I2: c{n}");
        }
        assert!(live.values().filter(|live| **live).count() <= SEATS + OVERAGE, "I1");
    }
}

#[tokio::test]
async fn seats_follow_a_simple_model_whatever_the_schedule() {
    let random: &dyn Random = &SeededRandom::default();
    for schedule in 0..schedules() {
        let mut world = World::new().await;
        let mut taken = Vec::new();
        for _ in 0..120 {
            let roll = u64::from_be_bytes(random.bytes());
            taken.push(roll % 16);
            world.step(roll).await;
        }
        world.check().await;
        assert!(world.test.authority.verify_audit().await.unwrap().valid, "{schedule}: {taken:?}");
    }
}

/// Six as a rule; the soak asks for a thousand.
#[expect(clippy::disallowed_methods, reason = "the soak says how many")]
fn schedules() -> u32 {
    std::env::var("LICENTIA_SCHEDULES").map_or(6, |count| count.parse().unwrap())
}
