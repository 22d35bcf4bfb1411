//! Several products and one authority, on its real database, under faults that all follow from a seed: a history
//! that breaks an invariant is run again by its number.
//!
//! The simulator is our own and not turmoil: the guard's HTTP lives on a thread and a runtime of its own, which
//! turmoil cannot host. So the real engine, contact and judge are driven as the background thread drives them, and
//! the questions go straight into the real use cases; HTTP and threads are left out, so that nothing depends on luck.
//!
//! Held on every history, in the words of the plan for reliability: I1 live leases never exceed the seats; I2 a lease
//! that runs is renewed where the network works; I3 nothing is granted to what is suspended or revoked, and what
//! heard of it does not run; I4 a repeated heartbeat counts once; I5 generations grow; I6 nothing runs past its lease;
//! I8 the newest signed time never falls back; and with all faults gone, everybody who should run does, within one
//! heartbeat.
//!
//! More histories: `LICENTIA_SEEDS=10000 cargo test -p licentia --lib simulation`; one: `LICENTIA_SEED=N LICENTIA_SEEDS=1`.

#![expect(clippy::print_stderr, reason = "which histories were run, and which one failed, is told")]

mod chain;
mod network;
mod product;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use licentia_authority::{Authority, Parts};
use licentia_issue::Secret;
use licentia_issue::master::MasterKey;
use licentia_license::Trust;
use licentia_storage_sqlite::SqliteStore;
use licentia_testing::{TestAuthority, actor};
use tempfile::TempDir;

use self::network::{Log, Network, Wire};
use self::product::{Bytes, Product};
use crate::clock::SECOND;
use crate::contact::contact;
use crate::standing::Standing;
use crate::state::Memory;
use crate::time::WRONG_S;

const SEATS: usize = 2;
const CLUSTERS: usize = 3;
/// The last product is a copy of the first.
const TWIN: usize = CLUSTERS;
const STEPS: usize = 50;
const HEARTBEAT_S: i64 = 900;
const GRACE_S: i64 = 24 * 3600;
const CATALOG: &str = "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\nheartbeat = \"15m\"\ngrace = \"24h\"\n\n\
                       [[plan]]\ncode = \"a\"\ntier = \"A\"\nrank = 1\nseats = 2\nfeatures = [\"x\"]\ntakeovers_per_day = 1000\n";
/// What the histories together must have reached, or they show nothing.
const PROBES: &[&str] = &[
    "activated again",
    "activation answered again",
    "activation asked anew",
    "activation granted",
    "authority restarted",
    "clock found set back",
    "deactivated",
    "grace entered",
    "heartbeat answered again",
    "heartbeat granted",
    "late question delivered",
    "lease expired",
    "old answer replayed",
    "ran on the lease of the last run",
    "refused: invalid_token",
    "refused: no_free_seat",
    "refused: revoked",
    "refused: stale_generation",
    "refused: suspended",
    "state kept",
    "state lost",
    "state rolled back",
    "stopped",
    "twin started",
];

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> i64 {
        i64::try_from(self.next() % end).unwrap()
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }
}

struct World {
    test: TestAuthority,
    authority: Authority,
    key: String,
    license: uuid::Uuid,
    truth: Arc<AtomicI64>,
    products: Vec<Product>,
    /// Clusters of which more than one state was seen: copied, rolled back, lost, or asked for by a late question.
    disturbed: [bool; CLUSTERS],
    /// Until which step a product is cut off.
    cut: [usize; CLUSTERS + 1],
    dice: Dice,
    log: Mutex<Log>,
    suspended: bool,
    folder: TempDir,
}

impl World {
    async fn new(seed: u64) -> Self {
        let test = TestAuthority::new().await;
        test.import(CATALOG).await;
        let license = test.issue("p").await;
        let folder = tempfile::tempdir().unwrap();
        let truth = Arc::new(AtomicI64::new(licentia_testing::START * SECOND));
        let products =
            (0..=TWIN).map(|n| Product::new(n, n % CLUSTERS, folder.path(), &truth)).collect();
        Self {
            authority: test.authority.clone(),
            test,
            key: license.key.unwrap(),
            license: license.id,
            truth,
            products,
            disturbed: [false; CLUSTERS],
            cut: [0; CLUSTERS + 1],
            dice: Dice(seed),
            log: Mutex::default(),
            suspended: false,
            folder,
        }
    }

    fn reach(&self, probe: &str) {
        self.log.lock().unwrap().reach(probe);
    }

    /// The authority's time, which decides.
    fn now(&self) -> i64 {
        licentia_model::Clock::now_micros(&self.test.clock) / SECOND
    }

    fn pass(&self, seconds: i64) {
        self.truth.fetch_add(seconds * SECOND, Ordering::SeqCst);
        self.test.clock.advance(seconds);
    }

    fn start(&mut self, n: usize) {
        let trust = Trust::from_text(&self.authority.trust().to_text()).unwrap();
        let seed = self.dice.next();
        let now = self.now();
        let product = &mut self.products[n];
        product.start(&self.key, trust, seed);
        product.wrong =
            (crate::clock::Clock::now_micros(&*product.clock) / SECOND - now).abs() > 60;
        if product.engine.as_ref().unwrap().snapshot().memory() == Memory::Kept {
            self.reach("state kept");
        }
    }

    async fn contact(&mut self, n: usize, network: Network) {
        let (luck, now) = (usize::try_from(self.dice.next() >> 33).unwrap(), self.now());
        self.tick(n);
        let product = &mut self.products[n];
        let Some(engine) = &mut product.engine else { return };
        let before = engine.snapshot();
        let had_session = engine.access_token().is_some();
        let Some(ask) = engine.ask() else { return };
        let asked_generation = ask.activate.generation;
        self.log.lock().unwrap().heard = false;
        if ask.anew {
            self.reach("activation asked anew");
        }
        let product = &mut self.products[n];
        let Some(engine) = &mut product.engine else { return };
        let wire = Wire {
            authority: &self.authority,
            network,
            cluster: &product.cluster,
            log: &self.log,
            luck,
        };
        engine.take(contact(&wire, ask).await);
        let after = engine.snapshot();
        let state = engine.remembered();
        let mut log = self.log.lock().unwrap();
        if !had_session && engine.access_token().is_some() && asked_generation.is_some() {
            log.reach("activated again");
        }
        if !before.standing().is_full()
            && after.standing().is_full()
            && engine.access_token().is_none()
        {
            log.reach("ran on the lease of the last run");
        }
        if matches!(after.standing(), Standing::Grace { .. }) {
            log.reach("grace entered");
        }
        let story = format!(
            "{n} of {} under {network:?}: {:?} after {:?}",
            product.cluster,
            after.standing(),
            before.standing()
        );
        if network == Network::Replays {
            assert_eq!(state.generation, asked_generation, "an old answer counted: {story}");
        }
        assert!(state.signed_at >= product.signed_at, "I8 {story}");
        product.signed_at = state.signed_at;
        if !log.heard {
            return;
        }
        let held = before.standing().is_full() && before.lease_until().is_some_and(|end| end > now);
        let disturbed = self.disturbed[n % CLUSTERS];
        assert!(!log.closed || product.wrong || !after.standing().is_full(), "I3 {story}");
        if !log.closed && held && !disturbed && !product.wrong && network == Network::Works {
            assert_eq!(*after.standing(), Standing::Licensed, "I2 {story}");
        }
        if *after.standing() == Standing::Licensed && state.generation != asked_generation {
            product.wrong = false;
        }
    }

    /// What holds at every moment, whatever happened.
    async fn hold(&self) {
        let now = self.now();
        let live = self.authority.list_activations(Some(self.license), 100).await.unwrap();
        let live = live.iter().filter(|activation| activation.live).count();
        assert!(live <= SEATS, "I1: {live} leases live on {SEATS} seats");
        let mut running = [false; CLUSTERS];
        for (n, product) in self.products.iter().enumerate() {
            let Some(engine) = &product.engine else { continue };
            let snapshot = engine.snapshot();
            if !snapshot.standing().is_full() || product.wrong {
                continue;
            }
            let end = snapshot.lease_until().unwrap();
            assert!(end + WRONG_S > now, "I6: {n} runs at {now}, past {end}");
            running[n % CLUSTERS] |= end > now && !self.disturbed[n % CLUSTERS];
        }
        let running = running.into_iter().filter(|runs| *runs).count();
        assert!(running <= SEATS, "I1: {running} run on {SEATS} seats");
    }

    async fn step(&mut self, step: usize) {
        let seconds = match self.dice.below(20) {
            0 => self.dice.below(40 * 3600),
            _ => 1 + self.dice.below(1200),
        };
        self.pass(seconds);
        self.authority_fault().await;
        for n in 0..=TWIN {
            self.product_fault(n, step).await;
            let mut network = Network::roll(self.dice.next());
            if self.cut[n] > step {
                network = Network::LosesQuestions;
            }
            self.contact(n, network).await;
            self.tick(n);
        }
        self.hold().await;
    }

    fn tick(&mut self, n: usize) {
        let Some(engine) = &mut self.products[n].engine else { return };
        let full = engine.snapshot().standing().is_full();
        engine.tick();
        let snapshot = engine.snapshot();
        let reason = snapshot.reason().map(|reason| reason.code().to_owned());
        let mut log = self.log.lock().unwrap();
        if reason.as_deref() == Some("clock_set_back") {
            log.reach("clock found set back");
        }
        if full && !snapshot.standing().is_full() {
            log.reach("lease expired");
        }
        if matches!(snapshot.standing(), Standing::Stopped { .. }) {
            log.reach("stopped");
            self.products[n].engine = None;
        }
    }

    async fn authority_fault(&mut self) {
        match self.dice.below(60) {
            0..4 => self.restart_authority().await,
            4 | 5 if self.suspended => {
                self.authority.resume(self.license, actor()).await.unwrap();
                self.set_suspended(false);
            }
            4 | 5 => {
                self.authority.suspend(self.license, None, actor()).await.unwrap();
                self.set_suspended(true);
            }
            6 => {
                // Its clock was behind and is set right: from now on the products' clocks are behind.
                let ahead = 1 + self.dice.below(40 * 3600);
                self.test.clock.advance(ahead);
                self.products.iter_mut().for_each(|product| product.wrong = true);
            }
            7..20 => {
                let stray = std::mem::take(&mut self.log.lock().unwrap().stray);
                for (cluster, question) in stray {
                    let n: usize = cluster.rsplit('-').next().unwrap().parse().unwrap();
                    self.disturbed[n] = true;
                    self.reach("late question delivered");
                    let wire = Wire {
                        authority: &self.authority,
                        network: Network::Works,
                        cluster: &cluster,
                        log: &self.log,
                        luck: 0,
                    };
                    wire.ask(question).await;
                }
            }
            _ => {}
        }
    }

    fn set_suspended(&mut self, suspended: bool) {
        self.suspended = suspended;
        self.log.lock().unwrap().closed = suspended;
    }

    async fn restart_authority(&mut self) {
        self.authority.close().await;
        let path = self.test.folder.path().join("licentia.db");
        let parts = Parts {
            store: Arc::new(SqliteStore::open(&path).unwrap()),
            master: MasterKey::new(&Secret::new([7; 32])).unwrap(),
            clock: Arc::new(self.test.clock.clone()),
            random: Arc::new(Bytes(Mutex::new(Dice(self.dice.next())))),
            folder: None,
        };
        self.authority = Authority::open(Arc::new(parts)).await.unwrap();
        self.reach("authority restarted");
    }

    async fn product_fault(&mut self, n: usize, step: usize) {
        if self.products[n].engine.is_none() {
            let chance = if n == TWIN { 30 } else { 3 };
            if self.dice.one_in(chance) {
                if n == TWIN {
                    copy(&self.products[0].folder, &self.products[n].folder);
                    (self.disturbed[0], self.products[n].signed_at) = (true, 0);
                    self.reach("twin started");
                }
                self.start(n);
            }
            return;
        }
        let old = self.folder.path().join(format!("{n}.old"));
        match self.dice.below(80) {
            0..3 => {
                self.products[n].engine = None;
                if self.dice.one_in(3) {
                    let off = self.dice.below(20 * 86_400) - 10 * 86_400;
                    self.products[n].clock.off.store(off * SECOND, Ordering::SeqCst);
                }
            }
            3 => {
                // Set while it runs.
                let off = self.dice.below(4 * 86_400) - 2 * 86_400;
                self.products[n].clock.off.store(off * SECOND, Ordering::SeqCst);
                self.products[n].wrong = true;
            }
            4 => {
                (self.products[n].engine, self.products[n].signed_at) = (None, 0);
                drop(fs::remove_dir_all(&self.products[n].folder));
                self.disturbed[n % CLUSTERS] = true;
                self.reach("state lost");
            }
            5 => copy(&self.products[n].folder, &old),
            6 if old.exists() => {
                (self.products[n].engine, self.products[n].signed_at) = (None, 0);
                copy(&old, &self.products[n].folder);
                self.disturbed[n % CLUSTERS] = true;
                self.reach("state rolled back");
            }
            7 => self.cut[n] = step + usize::try_from(self.dice.below(30)).unwrap(),
            8 | 9 => self.shut_down(n).await,
            _ => {}
        }
    }

    async fn shut_down(&mut self, n: usize) {
        let Some(mut engine) = self.products[n].engine.take() else { return };
        let Some((token, mut request)) = engine.shut_down() else { return };
        if self.dice.one_in(3) {
            return;
        }
        request.access_token = token;
        if self.authority.deactivate(request, "simulated".into()).await.is_ok() {
            self.reach("deactivated");
            engine.released();
        }
    }

    /// Without faults, whoever should run does, within one heartbeat; and what is revoked ends within one.
    async fn settle(&mut self) {
        if self.suspended {
            self.authority.resume(self.license, actor()).await.unwrap();
            self.set_suspended(false);
        }
        // The copy goes, and one of three has no seat to hope for: it goes too, and its lease with it.
        self.products.truncate(SEATS);
        self.pass(GRACE_S);
        self.quiet_heartbeat().await;
        for product in &self.products {
            let standing =
                product.engine.as_ref().map(|engine| engine.snapshot().standing().clone());
            assert_eq!(standing, Some(Standing::Licensed), "liveness: {}", product.cluster);
        }
        self.authority.revoke(self.license, None, 0, actor()).await.unwrap();
        self.log.lock().unwrap().closed = true;
        self.quiet_heartbeat().await;
        for product in &self.products {
            let runs = product.engine.as_ref().is_some_and(|e| e.snapshot().standing().is_full());
            assert!(
                !runs,
                "I3: {} runs a heartbeat after the licence was revoked",
                product.cluster
            );
        }
    }

    async fn quiet_heartbeat(&mut self) {
        for _ in 0..20 {
            self.pass(HEARTBEAT_S * 6 / 5 / 20);
            for n in 0..self.products.len() {
                // What fell to the free tier for good is restarted by its user, as is what stopped.
                if !self.products[n].is_open() {
                    self.products[n].engine = None;
                    self.start(n);
                }
                self.contact(n, Network::Works).await;
                self.tick(n);
            }
            self.hold().await;
        }
    }
}

/// The state file alone, as a backup has it.
fn copy(from: &Path, to: &Path) {
    const FILE: &str = "license-state.json";
    fs::create_dir_all(to).unwrap();
    if from.join(FILE).exists() {
        fs::copy(from.join(FILE), to.join(FILE)).unwrap();
    }
}

/// Tells which history it was when one fails.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!(
                "seed {}; again: LICENTIA_SEED={0} LICENTIA_SEEDS=1 LICENTIA_HISTORIES=1 cargo test -p licentia --lib simulation",
                self.0
            );
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "which histories is told to the test itself")]
fn told(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |number| number.parse().unwrap())
}

#[tokio::test]
async fn no_history_of_faults_breaks_an_invariant_of_the_leases() {
    let (first, count) = (told("LICENTIA_SEED", 1), told("LICENTIA_SEEDS", 30));
    let mut probes = std::collections::BTreeMap::<String, u64>::new();
    for seed in first..first + count {
        let _seed = Seed(seed);
        let mut world = World::new(seed).await;
        for step in 0..STEPS {
            world.step(step).await;
        }
        world.settle().await;
        world.authority.close().await;
        for (probe, times) in world.log.into_inner().unwrap().probes {
            *probes.entry(probe).or_default() += times;
        }
    }
    eprintln!("seeds {first} to {}: {probes:#?}", first + count - 1);
    let missed: Vec<_> = PROBES.iter().filter(|probe| !probes.contains_key(**probe)).collect();
    assert!(count < 30 || missed.is_empty(), "no history reached {missed:?}");
}
