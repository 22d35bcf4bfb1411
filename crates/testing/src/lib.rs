//! What tests of several crates need: a clock that stands still until it is moved, randomness that repeats,
//! and a whole authority on a real database in a temporary folder. A dev-dependency only.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that cannot be set up must fail loudly"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use licentia_authority::init::{FirstLogin, initialize};
use licentia_authority::licenses::issue::{Order, Term};
use licentia_authority::{Actor, Authority, Parts, catalog};
use licentia_issue::Secret;
use licentia_issue::master::MasterKey;
use licentia_issue::signer::Ed25519Signer;
use licentia_model::{Clock, Random};
use licentia_storage::Store;
use licentia_storage_postgres::PostgresStore;
use licentia_storage_sqlite::SqliteStore;
use licentia_testing_postgres::Cluster;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// 2026-01-01T00:00:00Z, when every test begins.
pub const START: i64 = 1_767_225_600;

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct FixedClock(Arc<AtomicI64>);

impl Default for FixedClock {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(START * 1_000_000)))
    }
}

impl FixedClock {
    /// Moves the clock, backwards too.
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now_micros(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

/// Bytes that look random and are the same in every run.
#[derive(Default)]
pub struct SeededRandom(AtomicU64);

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::SeqCst);
            chunk.copy_from_slice(&Sha256::digest(count.to_be_bytes())[..chunk.len()]);
        }
    }
}

/// An authority of its own on a real database, gone with the value.
pub struct TestAuthority {
    /// The authority.
    pub authority: Authority,
    /// Its clock.
    pub clock: FixedClock,
    /// Its first log-in.
    pub login: FirstLogin,
    /// Its folder; the database is `licentia.db` in it, unless it is PostgreSQL.
    pub folder: TempDir,
    /// Its PostgreSQL database; see [`postgres`].
    pub database: Option<String>,
}

impl TestAuthority {
    /// Sets one up at [`START`].
    pub async fn new() -> Self {
        Self::within(tempfile::tempdir().expect("a temporary folder")).await
    }

    /// The same with its folder in memory where there is such a place: for many thousands of writes.
    pub async fn in_memory() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Self::within(folder.expect("a temporary folder")).await
    }

    async fn within(folder: TempDir) -> Self {
        let clock = FixedClock::default();
        let database = postgres();
        let store: Arc<dyn Store> = match &database {
            Some(url) => Arc::new(PostgresStore::open(url).await.expect("a database")),
            None => {
                let path = folder.path().join("licentia.db");
                Arc::new(SqliteStore::open(&path).expect("a database"))
            }
        };
        let parts = Parts {
            store,
            master: MasterKey::new(&Secret::new([7; 32])).expect("a master key"),
            clock: Arc::new(clock.clone()),
            random: Arc::new(SeededRandom::default()),
            folder: Some(folder.path().to_owned()),
        };
        let (authority, login) =
            initialize(Arc::new(parts), Some("https://authority.example".into()), &root(), actor())
                .await
                .expect("an empty database is set up");
        Self { authority, clock, login, folder, database }
    }

    /// Imports a catalogue given as TOML.
    pub async fn import(&self, toml: &str) {
        let catalog = catalog::parse(toml).expect("a good catalogue");
        self.authority.import_catalog(catalog, actor()).await.expect("it is imported");
    }

    /// Issues a licence of a product's default plan for 30 days and returns its key.
    pub async fn issue_key(&self, product: &str) -> String {
        self.issue(product).await.key.expect("a key that is shown")
    }

    /// Issues a licence of a product's default plan for 30 days.
    pub async fn issue(&self, product: &str) -> licentia_protocol::resource::License {
        self.authority.issue(order(product), actor()).await.expect("a licence")
    }
}

/// A fresh PostgreSQL database where `LICENTIA_TEST_DATABASE=postgres` says so; else tests run on SQLite.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the switch of the whole test run")]
pub fn postgres() -> Option<String> {
    std::env::var("LICENTIA_TEST_DATABASE")
        .is_ok_and(|name| name == "postgres")
        .then(|| Cluster::shared().database())
}

/// The private root key of every [`TestAuthority`].
#[must_use]
pub fn root() -> Ed25519Signer {
    Ed25519Signer::from_seed([42; 32]).expect("a root key")
}

/// An order for the default plan, 30 days.
#[must_use]
pub fn order(product: &str) -> Order {
    Order {
        product: product.into(),
        email: "ada@example.com".into(),
        name: Some("Ada Lovelace".into()),
        term: Term::Days(30),
        ..Order::default()
    }
}

/// Who tests.
#[must_use]
pub fn actor() -> Actor {
    Actor::new("cli:test", "local")
}
