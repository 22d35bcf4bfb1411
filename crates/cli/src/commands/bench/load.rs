//! So many connections that ask one after the other, for so long.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::task::JoinSet;

use super::http::Connection;
use super::place::{Place, Product};
use crate::failure::Failure;

/// What is asked.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Keep a seat: durable, signed.
    Heartbeat,
    /// Take a seat: durable, audited, signed.
    Activate,
    /// Ask about a key.
    Validate,
    /// How long it takes until every connected product hears of a suspension.
    Events,
    /// Whether many who take seats of one licence slow down those of others.
    Crowd,
    /// Issue many licences, beside signing and one insert; `--licenses` says how many.
    Issue,
    /// Lists among a thousand licences and among `--licenses`.
    List,
}

impl Kind {
    /// Whether it is asked by products that have their seats.
    fn holds_seats(self) -> bool {
        matches!(self, Self::Heartbeat | Self::Events)
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Activate => "activate",
            Self::Validate => "validate",
            Self::Events => "events",
            Self::Crowd => "crowd",
            Self::Issue => "issue",
            Self::List => "list",
        }
    }
}

/// Whom to ask.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// The authority.
    Real,
    /// The echo.
    Echo,
}

/// What came of it.
#[derive(Default)]
pub(crate) struct Measured {
    /// In microseconds, sorted.
    pub(crate) times: Vec<u32>,
    pub(crate) errors: usize,
    pub(crate) elapsed: Duration,
    /// Of the process that was asked, where the system tells.
    pub(crate) processor: Option<Duration>,
    /// The first error, in words.
    pub(crate) error: Option<String>,
}

impl Measured {
    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        let count = u32::try_from(self.times.len()).unwrap_or(u32::MAX);
        f64::from(count) / self.elapsed.as_secs_f64()
    }

    /// Processor time of an answer, in microseconds.
    pub(crate) fn processor_us(&self) -> Option<f64> {
        let count = u32::try_from(self.times.len()).ok().filter(|count| *count > 0)?;
        Some(self.processor?.as_secs_f64() * 1e6 / f64::from(count))
    }

    /// Another stretch of the same.
    pub(crate) fn add(&mut self, other: Self) {
        self.times.extend(other.times);
        self.times.sort_unstable();
        self.errors += other.errors;
        self.elapsed += other.elapsed;
        self.processor = self.processor.zip(other.processor).map(|(one, more)| one + more);
        self.error = self.error.take().or(other.error);
    }

    /// A quantile of the times in milliseconds.
    pub(crate) fn quantile_ms(&self, per_mille: usize) -> f64 {
        let at = (self.times.len().saturating_sub(1)) * per_mille / 1000;
        self.times.get(at).map_or(0.0, |micros| f64::from(*micros) / 1000.0)
    }
}

/// Runs the load.
pub(crate) async fn run(
    place: &Place,
    kind: Kind,
    work: Work,
    connections: usize,
    time: Duration,
) -> Result<Measured, Failure> {
    run_with(place, place.keys(), kind, work, connections, time).await
}

/// Runs the load with these of the keys.
pub(crate) async fn run_with(
    place: &Place,
    keys: Arc<Vec<String>>,
    kind: Kind,
    work: Work,
    connections: usize,
    time: Duration,
) -> Result<Measured, Failure> {
    let broken = |e| Failure::undone(format!("no connection: {e}"), "raise `ulimit -n`");
    let mut tasks = JoinSet::new();
    let host = match work {
        Work::Real => place.host(),
        Work::Echo => place.echo(),
    };
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        open.push(Connection::open(host).await.map_err(broken)?);
    }
    let run = place.next_run();
    let processor = place.processor_time(work);
    let begun = Instant::now();
    for (at, connection) in open.into_iter().enumerate() {
        let shares = kind.holds_seats().then(|| place.share(at, connections));
        let keys = Arc::clone(&keys);
        let until = begun + time;
        tasks.spawn(async move {
            let random = run << 32 | (at as u64 + 1);
            let mut asker = Asker { connection, random, shares, keys, kind, work, count: 0, at };
            asker.ask_until(until).await
        });
    }
    let mut all = Measured::default();
    while let Some(ended) = tasks.join_next().await {
        let part = ended
            .map_err(|e| Failure::undone(format!("a part of the load failed: {e}"), "run again"))?;
        all.times.extend(part.times);
        all.errors += part.errors;
        all.error = all.error.or(part.error);
    }
    all.elapsed = begun.elapsed();
    all.processor = place.processor_time(work).zip(processor).map(|(after, before)| after - before);
    all.times.sort_unstable();
    Ok(all)
}

struct Asker {
    connection: Connection,
    /// Draws the order in which activations are asked for, not the one in which they lie on disk, and new names.
    random: u64,
    shares: Option<Arc<super::place::Shares>>,
    keys: Arc<Vec<String>>,
    kind: Kind,
    work: Work,
    count: u64,
    at: usize,
}

impl Asker {
    async fn ask_until(&mut self, until: Instant) -> Measured {
        let mut measured = Measured::default();
        let mut none = Vec::new();
        let mut share = match self.shares.clone() {
            Some(shares) => Some(shares.take(self.at).await),
            None => None,
        };
        while Instant::now() < until {
            self.count += 1;
            let begun = Instant::now();
            let outcome = self.ask(share.as_deref_mut().unwrap_or(&mut none)).await;
            let micros = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
            match outcome {
                Ok(()) => measured.times.push(micros),
                Err(error) => {
                    measured.errors += 1;
                    measured.error.get_or_insert(error);
                    if measured.errors > 1_000 {
                        break;
                    }
                }
            }
        }
        measured
    }

    async fn ask(&mut self, products: &mut [Product]) -> Result<(), String> {
        // Xorshift: which activation, and a nonce of its own.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let nonce = format!("bench-{:016x}", self.random);
        let pick = usize::try_from(self.random >> 16).unwrap_or(0);
        let (path, good, body, token) = match self.kind {
            Kind::Heartbeat | Kind::Events | Kind::Issue | Kind::List => {
                let product = &products[pick % products.len()];
                let body = json!({
                    "activation_id": product.activation_id, "token_version": 1,
                    "generation": product.generation, "nonce": nonce,
                });
                ("/v1/license/heartbeat", 200, body, product.access_token.as_str())
            }
            Kind::Activate | Kind::Crowd => {
                let body = json!({
                    "license_key": self.keys[pick % self.keys.len()], "nonce": nonce,
                    "cluster_id": format!("bench-{}-{nonce}-{}", self.at, self.count),
                    "hostname": "bench",
                });
                ("/v1/license/activate", 201, body, "")
            }
            Kind::Validate => {
                let body =
                    json!({ "license_key": self.keys[pick % self.keys.len()], "nonce": nonce });
                ("/v1/licenses/validate", 200, body, "")
            }
        };
        let (path, good) = if self.work == Work::Echo { ("/echo", 200) } else { (path, good) };
        let sent = self.connection.post(path, token, body.to_string().as_bytes()).await;
        let (status, answer) = sent.map_err(|e| e.to_string())?;
        if status != good {
            return Err(format!("{status} {}", String::from_utf8_lossy(answer)));
        }
        if (self.kind, self.work) == (Kind::Heartbeat, Work::Real) {
            let at = pick % products.len();
            products[at].generation += 1;
        }
        Ok(())
    }
}
