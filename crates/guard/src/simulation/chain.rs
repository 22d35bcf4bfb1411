//! The guard's chain of actions against the authority's check of it (M9): generated histories of lost questions and
//! answers, restarts, re-activations and licences signed anew. An honest chain is never broken and arrives whole; one
//! that was changed on its way always is. The plan revokes for a broken chain, so a fault cannot pass unseen.
//!
//! More: `LICENTIA_HISTORIES=10000 cargo test -p licentia --lib chains`.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use licentia_license::Trust;
use licentia_protocol::activate;
use licentia_protocol::heartbeat::{self, Chain};
use licentia_testing::{TestAuthority, actor};

use super::network::{Log, Network, Wire};
use super::product::Product;
use super::{Dice, Seed, told};
use crate::client::{Raw, Silence, Transport};
use crate::clock::SECOND;
use crate::contact::contact;

const SEED: [u8; 3] = [0, 0x11, 0x22];
const CATALOG: &str = "[product]\ncode = \"p\"\nname = \"P\"\ndefault_plan = \"a\"\nheartbeat = \"15m\"\ngrace = \"24h\"\n\
                       project_seed = \"001122\"\n\n[[plan]]\ncode = \"a\"\ntier = \"A\"\nrank = 1\nseats = 1\n\
                       takeovers_per_day = 1000\non_chain_broken = \"revoke\"\n";
const BROKEN: &str = "refused: chain_broken";
/// What the histories together must have reached, or they show nothing.
const PROBES: &[&str] = &[
    "activated again",
    "activation answered again",
    "answer lost",
    "broken",
    "heartbeat answered again",
    "question lost",
    "restarted",
    "signed anew",
    "died with a question under way",
];

struct History<'a> {
    test: &'a TestAuthority,
    truth: Arc<AtomicI64>,
    product: Product,
    key: String,
    license: uuid::Uuid,
    dice: Dice,
    log: Mutex<Log>,
    recorded: u64,
    /// How far the authority says that it has the chain.
    acknowledged: Mutex<u64>,
}

/// The wire with somebody on it who may change what is sent.
struct Hands<'a> {
    wire: Wire<'a>,
    change: Option<u64>,
    acknowledged: &'a Mutex<u64>,
}

impl Hands<'_> {
    fn hear(&self, raw: &Raw) {
        let answer: serde_json::Value = serde_json::from_slice(&raw.body).unwrap();
        if let Some(sequence) = answer["chain"]["sequence"].as_u64() {
            *self.acknowledged.lock().unwrap() = sequence;
        }
    }
}

impl Transport for Hands<'_> {
    async fn activate(&self, body: &activate::Request, key: Option<&str>) -> Result<Raw, Silence> {
        let raw = self.wire.activate(body, key).await?;
        self.hear(&raw);
        Ok(raw)
    }

    async fn heartbeat(&self, token: &str, body: &heartbeat::Request) -> Result<Raw, Silence> {
        let mut body = body.clone();
        if let (Some(dice), Some(chain)) = (self.change, &mut body.chain) {
            change(chain, &mut Dice(dice));
        }
        let raw = self.wire.heartbeat(token, &body).await?;
        self.hear(&raw);
        Ok(raw)
    }

    async fn refresh_keyset(&self, trust: &mut Trust) -> bool {
        self.wire.refresh_keyset(trust).await
    }
}

/// One change that leaves the report in good shape.
fn change(chain: &mut Chain, dice: &mut Dice) {
    let count = chain.entries.len();
    let at = usize::try_from(dice.next() % count as u64).unwrap();
    let flip = |hex: &mut String| {
        let other = if hex.starts_with('0') { "1" } else { "0" };
        hex.replace_range(..1, other);
    };
    match dice.below(9) {
        0 => chain.entries[at].action.push('x'),
        1 => chain.entries[at].tenant.push('|'),
        2 => chain.entries[at].hash.push_str("00"),
        3 => chain.entries[at].time = "2025-12-31T23:59:59Z".into(),
        4 => flip(&mut chain.entries[at].mac),
        5 => flip(&mut chain.previous),
        6 if count > 1 => chain.entries.swap(0, 1),
        // The last alone would be a shorter report, and the rest follows with the next one.
        7 if at + 1 < count => drop(chain.entries.remove(at)),
        8 => chain.server_nonce.push('x'),
        _ => chain.entries[at].sequence += 1,
    }
}

impl<'a> History<'a> {
    async fn new(test: &'a TestAuthority, folder: &std::path::Path, seed: u64) -> Self {
        let license = test.issue("p").await;
        let now = licentia_model::Clock::now_micros(&test.clock);
        let truth = Arc::new(AtomicI64::new(now));
        // The third of the kinds there comes back by itself, also from a first start without an answer.
        let mut product = Product::new(2, 0, folder, &truth);
        product.project_seed = Some(SEED.to_vec());
        let mut this = Self {
            test,
            truth,
            product,
            key: license.key.unwrap(),
            license: license.id,
            dice: Dice(seed),
            log: Mutex::default(),
            recorded: 0,
            acknowledged: Mutex::default(),
        };
        this.start();
        this
    }

    fn reach(&self, probe: &str) {
        self.log.lock().unwrap().reach(probe);
    }

    fn start(&mut self) {
        let trust = Trust::from_text(&self.test.authority.trust().to_text()).unwrap();
        let seed = self.dice.next();
        self.product.start(&self.key, trust, seed);
    }

    fn pass(&self, seconds: i64) {
        self.truth.fetch_add(seconds * SECOND, Ordering::SeqCst);
        self.test.clock.advance(seconds);
    }

    fn record(&mut self) {
        let many = if self.dice.one_in(300) { 2_300 } else { self.dice.below(5) };
        for n in 0..many {
            let tenant = ["", "acme", "a|b%\n"][usize::try_from(n % 3).unwrap()];
            let data = self.dice.next().to_be_bytes();
            let data = if n % 4 == 0 { &[][..] } else { &data };
            self.product.records.add("rule-engine", tenant, data).unwrap();
            self.recorded += 1;
        }
    }

    /// Everything that is to be said now, and what hurries after it.
    async fn contact(&mut self, network: Network, change: Option<u64>) {
        for _ in 0..4 {
            let Some(engine) = &mut self.product.engine else { return };
            engine.tick();
            let had_session = engine.access_token().is_some();
            let Some(ask) = engine.ask() else { return };
            let before = ask.activate.generation;
            let wire = Wire {
                authority: &self.test.authority,
                network,
                cluster: "cluster-0",
                log: &self.log,
                luck: 0,
            };
            let hands = Hands { wire, change, acknowledged: &self.acknowledged };
            let came = contact(&hands, ask).await;
            if network == Network::LosesAnswers && self.dice.one_in(3) {
                // All that it recorded was saved before it asked.
                self.product.engine = None;
                self.reach("died with a question under way");
                return self.start();
            }
            let engine = self.product.engine.as_mut().unwrap();
            engine.take(came);
            if before.is_some() && !had_session && engine.access_token().is_some() {
                self.reach("activated again");
            }
            self.pass(1);
        }
    }

    async fn step(&mut self) {
        self.record();
        self.pass(17 * 60);
        let id = self.license;
        match self.dice.below(24) {
            0..4 => {
                let mut engine = self.product.engine.take().unwrap();
                engine.leave();
                drop(engine);
                self.reach("restarted");
                self.start();
            }
            4 | 5 => {
                self.test.authority.suspend(id, None, actor()).await.unwrap();
                self.test.authority.resume(id, actor()).await.unwrap();
            }
            6 | 7 => {
                self.test.authority.reissue(id, actor()).await.unwrap();
                self.reach("signed anew");
            }
            _ => {}
        }
        let network = match self.dice.below(8) {
            0 => Network::LosesQuestions,
            1 | 2 => Network::LosesAnswers,
            3 => Network::Repeats,
            _ => Network::Works,
        };
        match network {
            Network::LosesQuestions => self.reach("question lost"),
            Network::LosesAnswers => self.reach("answer lost"),
            _ => {}
        }
        self.contact(network, None).await;
    }

    fn is_broken(&self) -> bool {
        self.log.lock().unwrap().probes.contains_key(BROKEN)
    }

    /// With the network in order, all that was recorded arrives.
    async fn settle(&mut self) {
        for _ in 0..3 {
            self.pass(17 * 60);
            self.contact(Network::Works, None).await;
        }
        assert!(!self.is_broken(), "an honest chain was called broken");
        let acknowledged = *self.acknowledged.lock().unwrap();
        assert_eq!(acknowledged, self.recorded, "not all arrived, or some twice");
    }

    async fn changed(&mut self) {
        self.product.records.add("rule-engine", "acme", b"").unwrap();
        self.record();
        self.pass(17 * 60);
        let change = Some(self.dice.next());
        self.contact(Network::Works, change).await;
        assert!(self.is_broken(), "a changed chain passed: {change:?}");
        self.reach("broken");
    }
}

#[tokio::test]
async fn honest_chains_are_never_broken_and_changed_ones_always() {
    let (first, count) = (told("LICENTIA_SEED", 1), told("LICENTIA_HISTORIES", 60));
    let test = TestAuthority::new().await;
    test.import(CATALOG).await;
    let folder = tempfile::tempdir().unwrap();
    let mut probes = BTreeMap::<String, u64>::new();
    for seed in first..first + count {
        let _seed = Seed(seed);
        let folder = folder.path().join(seed.to_string());
        let mut history = History::new(&test, &folder, seed).await;
        for _ in 0..4 + history.dice.below(8) {
            history.step().await;
        }
        history.settle().await;
        if history.dice.one_in(2) {
            history.changed().await;
        }
        drop(history.product);
        fs::remove_dir_all(&folder).unwrap();
        for (probe, times) in history.log.into_inner().unwrap().probes {
            *probes.entry(probe).or_default() += times;
        }
    }
    eprintln!("histories {first} to {}: {probes:#?}", first + count - 1);
    let missed: Vec<_> = PROBES.iter().filter(|probe| !probes.contains_key(**probe)).collect();
    assert!(count < 60 || missed.is_empty(), "no history reached {missed:?}");
}
