//! Requests that may be sent again: with an `Idempotency-Key` they have one effect within a day.
//!
//! What was done is kept in the transaction of the effect, so a crash leaves either both or neither, and no key
//! that is in progress for ever. Kept are a hash of the request and the id of the result, never a secret: an
//! answer that carries a token is given again with a new one, which voids the former. Only an answer that cannot be
//! looked up again, such as a document that was signed, is kept itself, sealed, as long as the key counts. A refusal has
//! no effect; the same request is judged anew.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use licentia_model::IdempotencyKey;
use licentia_protocol::Code;
use licentia_storage::Transaction;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::authority::Authority;
use crate::denied::Denied;
use crate::error::AuthorityError;
use crate::hex::hex;

/// How long a key counts, in seconds.
pub(crate) const KEPT_S: i64 = 24 * 3600;
/// Longest key.
const MAX_KEY: usize = 255;

/// Where a request comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The address, for the audit trail.
    pub origin: String,
    /// The request's `Idempotency-Key`.
    pub idempotency_key: Option<String>,
}

/// Somebody at an address.
impl From<&str> for Caller {
    fn from(origin: &str) -> Self {
        Self { origin: origin.to_owned(), idempotency_key: None }
    }
}

/// The scopes of the requests that run now, in this process.
#[derive(Clone, Default)]
pub(crate) struct InProgress {
    scopes: Arc<Mutex<HashSet<[u8; 32]>>>,
}

/// A request with a key; while a clone of it lives, the same one is in progress.
#[derive(Clone)]
pub(crate) struct Attempt {
    request: [u8; 32],
    running: Arc<Running>,
}

struct Running {
    scope: [u8; 32],
    all: InProgress,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.all.scopes.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.scope);
    }
}

impl Authority {
    /// Begins a request; `None` where it has no key. The scope is credential, route and key.
    pub(crate) fn attempt(
        &self,
        route: &str,
        credential: &str,
        key: Option<&str>,
        request: &(impl Serialize + Sync),
    ) -> Result<Option<Attempt>, Denied> {
        let Some(key) = key else { return Ok(None) };
        if !(1..=MAX_KEY).contains(&key.len()) || !key.bytes().all(|b| (b' '..=b'~').contains(&b)) {
            return Err(Denied::malformed(
                "`Idempotency-Key` must be 1 to 255 printable ASCII characters.",
            ));
        }
        let request = serde_json::to_vec(request)
            .map_err(|_| Denied::malformed("The request cannot be told from others."))?;
        // None of the parts but the last holds a line break.
        let scope = self
            .master()
            .hash("idempotency key", format!("{route}\n{key}\n{credential}").as_bytes());
        let request = self.master().hash("idempotent request", &request);
        let all = self.in_progress().clone();
        if !all.scopes.lock().unwrap_or_else(PoisonError::into_inner).insert(scope) {
            return Err(Code::InProgress.into());
        }
        Ok(Some(Attempt { request, running: Arc::new(Running { scope, all }) }))
    }
}

impl Attempt {
    /// Keeps the same request out of other processes until the transaction ends. Before all other locks.
    pub(crate) async fn alone(&self, tx: &mut dyn Transaction) -> Result<(), AuthorityError> {
        Ok(tx.lock_idempotency_key(&self.running.scope).await?)
    }

    /// What this request did before. Call under the lock that its effect takes.
    pub(crate) async fn done_before(
        &self,
        tx: &mut dyn Transaction,
        now: i64,
    ) -> Result<Result<Option<Uuid>, Denied>, AuthorityError> {
        Ok(self.before(tx, now).await?.map(|row| row.map(|row| row.result)))
    }

    async fn before(
        &self,
        tx: &mut dyn Transaction,
        now: i64,
    ) -> Result<Result<Option<IdempotencyKey>, Denied>, AuthorityError> {
        let Some(row) = tx.idempotency_key(&self.running.scope).await? else { return Ok(Ok(None)) };
        if row.at <= now.saturating_sub(KEPT_S) {
            return Ok(Ok(None));
        }
        if row.request != self.request {
            return Ok(Err(Code::IdempotencyKeyReused.into()));
        }
        Ok(Ok(Some(row)))
    }

    /// What this request was answered before. Call under the lock that its effect takes.
    pub(crate) async fn answered_before<R: DeserializeOwned>(
        &self,
        authority: &Authority,
        tx: &mut dyn Transaction,
        now: i64,
    ) -> Result<Option<R>, AuthorityError> {
        let row = self.before(tx, now).await?;
        let row = row.map_err(|denied| AuthorityError::Refused(denied.code))?;
        let Some(sealed) = row.and_then(|row| row.answer) else { return Ok(None) };
        let answer = authority.master().open(&self.seal_name(), &sealed)?;
        let answer = serde_json::from_slice(answer.expose());
        Ok(Some(answer.map_err(|e| AuthorityError::Keys(format!("a kept answer: {e}")))?))
    }

    /// Keeps what it was answered, in the transaction of its effect.
    pub(crate) async fn answered(
        &self,
        authority: &Authority,
        tx: &mut dyn Transaction,
        answer: &(impl Serialize + Sync),
        now: i64,
    ) -> Result<(), AuthorityError> {
        let text = serde_json::to_vec(answer)
            .map_err(|e| AuthorityError::Keys(format!("an answer to be kept: {e}")))?;
        let nonce = authority.random().bytes();
        let sealed = authority.master().seal(&self.seal_name(), &text, nonce)?;
        let (scope, request) = (self.running.scope, self.request);
        let (result, answer) = (Uuid::nil(), Some(sealed));
        let row = IdempotencyKey { scope, request, result, answer, at: now };
        Ok(tx.put_idempotency_key(&row).await?)
    }

    fn seal_name(&self) -> String {
        format!("answer/{}", hex(&self.running.scope))
    }

    /// Keeps what it did, in the transaction that does it.
    pub(crate) async fn done(
        &self,
        tx: &mut dyn Transaction,
        result: Uuid,
        now: i64,
    ) -> Result<(), AuthorityError> {
        let (scope, request) = (self.running.scope, self.request);
        let row = IdempotencyKey { scope, request, result, answer: None, at: now };
        Ok(tx.put_idempotency_key(&row).await?)
    }
}
