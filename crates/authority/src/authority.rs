//! The authority: its database, keys, clock and randomness in one place.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use licentia_issue::master::MasterKey;
use licentia_license::{Document, Trust};
use licentia_model::{Clock, Random};
use licentia_storage::{BoxFuture, StorageError, Store, Transaction};
use uuid::Uuid;

use crate::access::password::Passwords;
use crate::credential::ClaimsCache;
use crate::crowd::Crowds;
use crate::error::AuthorityError;
use crate::heartbeat::{Judgements, Together};
use crate::idempotency::InProgress;
use crate::keyring::Keyring;
use crate::notes::{Note, Notes};
use crate::outage::Outages;
use crate::refusals::Refusals;
use crate::revocations::publish::Newest;

/// What an authority is made of.
pub struct Parts {
    /// The database.
    pub store: Arc<dyn Store>,
    /// The key that seals what rests in it.
    pub master: MasterKey,
    /// The one clock that decides leases.
    pub clock: Arc<dyn Clock>,
    /// Unguessable bytes.
    pub random: Arc<dyn Random>,
    /// The folder for what is kept beside the database, such as the checkpoints of the audit trail.
    pub folder: Option<PathBuf>,
}

/// A handle on the authority; clones share everything.
#[derive(Clone)]
pub struct Authority {
    inner: Arc<Inner>,
    /// Within a transaction that writes: what is told once it is committed.
    notes: Option<Notes>,
}

struct Inner {
    parts: Arc<Parts>,
    issuer: String,
    keyring: RwLock<Arc<Keyring>>,
    claims: ClaimsCache,
    in_progress: InProgress,
    outages: Outages,
    refusals: Refusals,
    passwords: Passwords,
    crowds: Crowds,
    judgements: Judgements,
    together: Together,
    newest: Newest,
    reading: AtomicU64,
    writing: AtomicU64,
    signature_checks: AtomicU64,
}

/// A job that waits for the database or runs in it.
struct Waits<'a>(&'a AtomicU64);

impl<'a> Waits<'a> {
    fn one_more(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Authority {
    /// Opens an authority that [`initialize`](crate::init::initialize) has set up.
    pub async fn open(parts: Arc<Parts>) -> Result<Self, AuthorityError> {
        let (issuer, keyring) = Keyring::load(&parts).await?;
        Ok(Self {
            notes: None,
            inner: Arc::new(Inner {
                parts,
                issuer,
                keyring: RwLock::new(Arc::new(keyring)),
                claims: ClaimsCache::default(),
                in_progress: InProgress::default(),
                outages: Outages::default(),
                refusals: Refusals::default(),
                passwords: Passwords::default(),
                crowds: Crowds::default(),
                judgements: Judgements::default(),
                together: Together::default(),
                newest: Newest::default(),
                reading: AtomicU64::default(),
                writing: AtomicU64::default(),
                signature_checks: AtomicU64::default(),
            }),
        })
    }

    /// The `iss` of everything it signs.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.inner.issuer
    }

    /// Whom its products trust: roots and the keyset of the day.
    #[must_use]
    pub fn trust(&self) -> Arc<Trust> {
        Arc::clone(&self.keyring().trust)
    }

    /// Reads the keys again where another process, or this one, has changed them; whether it did.
    pub async fn refresh_keys(&self) -> Result<bool, AuthorityError> {
        let seen = self.keyring().keyset.clone();
        let now = self
            .read(|_, tx| Box::pin(async move { Ok(tx.setting(crate::keyring::KEYSET).await?) }))
            .await?;
        if now.as_deref() == Some(seen.as_str()) {
            return Ok(false);
        }
        self.reload_keys().await?;
        Ok(true)
    }

    pub(crate) async fn reload_keys(&self) -> Result<(), AuthorityError> {
        let (_, keyring) = Keyring::load(&self.inner.parts).await?;
        *self.inner.keyring.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keyring);
        Ok(())
    }

    /// The folder for what is kept beside the database.
    #[must_use]
    pub fn folder(&self) -> Option<&std::path::Path> {
        self.inner.parts.folder.as_deref()
    }

    pub(crate) fn parts(&self) -> &Parts {
        &self.inner.parts
    }

    pub(crate) fn keyring(&self) -> Arc<Keyring> {
        Arc::clone(&self.inner.keyring.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.inner.parts.clock
    }

    /// The time by its clock, in seconds since the epoch.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.clock().now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.inner.parts.random
    }

    pub(crate) fn master(&self) -> &MasterKey {
        &self.inner.parts.master
    }

    pub(crate) fn claims(&self) -> &ClaimsCache {
        &self.inner.claims
    }

    pub(crate) fn in_progress(&self) -> &InProgress {
        &self.inner.in_progress
    }

    pub(crate) fn outages(&self) -> &Outages {
        &self.inner.outages
    }

    pub(crate) fn crowds(&self) -> &Crowds {
        &self.inner.crowds
    }

    pub(crate) fn passwords(&self) -> &Passwords {
        &self.inner.passwords
    }

    pub(crate) fn refusals(&self) -> &Refusals {
        &self.inner.refusals
    }

    pub(crate) fn judgements(&self) -> &Judgements {
        &self.inner.judgements
    }

    pub(crate) fn newest(&self) -> &Newest {
        &self.inner.newest
    }

    pub(crate) fn together(&self) -> &Together {
        &self.inner.together
    }

    /// A new id (RFC 9562, version 7): those of one moment lie side by side in an index.
    pub(crate) fn uuid(&self) -> Uuid {
        let millis = u64::try_from(self.clock().now_micros() / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.random().bytes()).into_uuid()
    }

    /// Signs with the active key of the document's purpose.
    pub(crate) fn sign<T: Document>(&self, document: &T) -> Result<String, AuthorityError> {
        let keyring = self.keyring();
        let signer = keyring.signer(T::PURPOSE)?;
        Ok(licentia_issue::sign::sign(document, signer)?)
    }

    /// Runs a use case that changes something.
    pub(crate) async fn write<R, F>(&self, work: F) -> Result<R, AuthorityError>
    where
        R: Send + 'static,
        F: for<'t> FnOnce(
                Self,
                &'t mut dyn Transaction,
            ) -> BoxFuture<'t, Result<R, AuthorityError>>
            + Send
            + 'static,
    {
        let notes = Notes::default();
        let this = Self { inner: Arc::clone(&self.inner), notes: Some(notes.clone()) };
        let _waits = Waits::one_more(&self.inner.writing);
        let done =
            licentia_storage::write(&*self.inner.parts.store, move |tx| work(this, tx)).await?;
        notes.tell();
        Ok(done)
    }

    /// Has this told in the log, once the transaction is committed.
    pub(crate) fn note(&self, note: Note) {
        if let Some(notes) = &self.notes {
            notes.add(note);
        }
    }

    /// Runs a use case that only reads.
    pub(crate) async fn read<R, F>(&self, work: F) -> Result<R, AuthorityError>
    where
        R: Send + 'static,
        F: for<'t> FnOnce(
                Self,
                &'t mut dyn Transaction,
            ) -> BoxFuture<'t, Result<R, AuthorityError>>
            + Send
            + 'static,
    {
        let this = self.clone();
        let _waits = Waits::one_more(&self.inner.reading);
        licentia_storage::read(&*self.inner.parts.store, move |tx| work(this, tx)).await
    }

    /// Jobs that wait for the database or run in it: reading, writing.
    #[must_use]
    pub fn queued(&self) -> (u64, u64) {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        (load(&self.inner.reading), load(&self.inner.writing))
    }

    /// Signatures of licence keys that were checked since it was opened, those included that only make an unknown key
    /// cost what every other one does.
    #[must_use]
    pub fn signature_checks(&self) -> u64 {
        self.inner.signature_checks.load(Ordering::Relaxed)
    }

    pub(crate) fn count_signature_checks(&self, checks: u8) {
        self.inner.signature_checks.fetch_add(checks.into(), Ordering::Relaxed);
    }

    /// Seats that are held now, in the whole database; not for requests.
    pub async fn count_seats(&self) -> Result<u64, AuthorityError> {
        self.read(|this, tx| Box::pin(async move { Ok(tx.count_seats(this.clock().now()).await?) }))
            .await
    }

    /// When the keyset in force was signed.
    #[must_use]
    pub fn keyset_signed_at(&self) -> i64 {
        let keyring = self.keyring();
        licentia_license::verify::decode_unverified(&keyring.keyset)
            .ok()
            .and_then(|(_, claims)| claims["iat"].as_i64())
            .unwrap_or_default()
    }

    /// Whether the database answers; what `/ready` says.
    pub async fn ping(&self) -> Result<(), StorageError> {
        licentia_storage::read(&*self.inner.parts.store, |tx| {
            Box::pin(async move { tx.setting(crate::keyring::ISSUER).await.map(|_| ()) })
        })
        .await
    }

    /// Whether this process runs the jobs that run once, however many share the database.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.inner.parts.store.leads()
    }

    /// Waits until another process may have added an event; it may never tell.
    pub async fn events_hinted(&self) {
        self.inner.parts.store.events_hinted().await;
    }

    /// Finishes what was accepted and releases the database.
    pub async fn close(&self) {
        self.inner.parts.store.close().await;
    }
}
