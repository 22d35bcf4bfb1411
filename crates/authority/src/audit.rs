//! The audit trail: written in the transaction of the change, chained by hash, checked by `audit verify`.
//!
//! The chain alone could be computed anew by whoever holds the database, so its head is also kept under a
//! keyed hash of the master key: a shortened or rewritten trail does not match it.

pub mod checkpoints;
pub mod list;
pub mod verify;

use licentia_issue::master::MasterKey;
use licentia_model::AuditRow;
use licentia_model::audit::AuditSecret;
use licentia_storage::Transaction;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::authority::{Authority, Parts};
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::hex::hex;
use crate::notes::Note;
use crate::webhooks::events::is_settled;

pub(crate) const HEAD: &str = "audit_head";
/// Who the products are in the trail. Their addresses are personal values of their customers.
pub(crate) const PRODUCT: &str = "product";
/// Who customers are in it; their addresses are personal values too.
pub(crate) const CUSTOMER: &str = "customer";
/// What stands for such an address in a row.
const COMMITTED: &str = "committed";

/// Who does something, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// `operator:NAME`, `cli:USER`, `product` or `system`.
    pub name: String,
    /// An address, or `local`.
    pub origin: String,
}

impl Actor {
    /// Somebody at an address, or `local`.
    #[must_use]
    pub fn new(name: impl Into<String>, origin: impl Into<String>) -> Self {
        Self { name: name.into(), origin: origin.into() }
    }
}

/// What is put on record: facts in clear, personal values as commitments.
#[derive(Default)]
pub(crate) struct Entry {
    facts: Map<String, Value>,
    personal: Vec<(String, String)>,
}

impl Entry {
    /// Something was found, and it changes nothing by itself. A change says what was and what is: [`Entry::change`].
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// A change; what was not there before, or is no more, is `null`.
    pub(crate) fn change(before: impl Into<Value>, after: impl Into<Value>) -> Self {
        Self::new().fact("before", before).fact("after", after)
    }

    /// The facts alone, as others may hear of them.
    pub(crate) fn facts(&self) -> String {
        Value::Object(self.facts.clone()).to_string()
    }

    /// A fact in clear; nothing personal, no key, no token.
    pub(crate) fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// A personal value; erasing it later keeps the chain whole.
    pub(crate) fn personal(mut self, name: &str, value: Option<&str>) -> Self {
        if let Some(value) = value {
            self.personal.push((name.to_owned(), value.to_owned()));
        }
        self
    }
}

/// Appends a row in this transaction.
pub(crate) async fn append(
    parts: &Parts,
    tx: &mut dyn Transaction,
    actor: &Actor,
    action: &str,
    subject: String,
    entry: Entry,
) -> Result<(), AuthorityError> {
    let head = tx.lock_audit_head().await?;
    let (row, secrets) = compose(parts, head.as_ref(), actor, action, subject, entry);
    tx.append_audit(&row, &secrets).await?;
    keep_head(parts, tx, &row).await
}

/// Remembers where the trail ends, under the master key.
pub(crate) async fn keep_head(
    parts: &Parts,
    tx: &mut dyn Transaction,
    row: &AuditRow,
) -> Result<(), AuthorityError> {
    Ok(tx.put_setting(HEAD, &head_mark(&parts.master, row.seq, &row.hash)).await?)
}

/// The row behind `head`, and the personal values that it commits to.
pub(crate) fn compose(
    parts: &Parts,
    head: Option<&AuditRow>,
    actor: &Actor,
    action: &str,
    subject: String,
    entry: Entry,
) -> (AuditRow, Vec<AuditSecret>) {
    let (seq, previous) = head.map_or((1, [0; 32]), |head| (head.seq + 1, head.hash));
    let mut facts = entry.facts;
    let mut secrets = Vec::with_capacity(entry.personal.len());
    let mut personal = entry.personal;
    let mut origin = actor.origin.clone();
    if [PRODUCT, CUSTOMER].contains(&actor.name.as_str()) {
        personal.push(("origin".to_owned(), std::mem::replace(&mut origin, COMMITTED.to_owned())));
    }
    for (field, value) in personal {
        let salt = parts.random.bytes::<16>().to_vec();
        facts.insert(field.clone(), Value::from(stated(&salt, &value)));
        secrets.push(AuditSecret { seq, field, salt, value });
    }
    let mut row = AuditRow {
        seq,
        at_micros: parts.clock.now_micros(),
        actor: actor.name.clone(),
        origin,
        action: action.to_owned(),
        subject,
        details: Value::Object(facts).to_string(),
        previous,
        hash: [0; 32],
    };
    row.hash = row_hash(&row);
    (row, secrets)
}

impl Authority {
    /// Appends a row in this transaction.
    pub(crate) async fn record(
        &self,
        tx: &mut dyn Transaction,
        actor: &Actor,
        action: &str,
        subject: String,
        entry: Entry,
    ) -> Result<(), AuthorityError> {
        append(self.parts(), tx, actor, action, subject, entry).await
    }

    /// Puts a change of a licence on record, and queues its facts for whoever is to hear of it.
    pub(crate) async fn announce(
        &self,
        tx: &mut dyn Transaction,
        actor: &Actor,
        action: &str,
        license_id: Uuid,
        entry: Entry,
    ) -> Result<(), AuthorityError> {
        self.announce_key(tx, actor, action, license_id, entry, None).await
    }

    /// The same with a key that nobody can show again, for the mail that brings it.
    pub(crate) async fn announce_key(
        &self,
        tx: &mut dyn Transaction,
        actor: &Actor,
        action: &str,
        license_id: Uuid,
        entry: Entry,
        key: Option<&str>,
    ) -> Result<(), AuthorityError> {
        debug_assert!(
            is_settled(action),
            "`{action}` is not among the kinds of events of webhooks"
        );
        let sealed = key.map(|key| self.seal_for(license_id, key)).transpose()?;
        let now = self.clock().now();
        tx.enqueue(license_id, action, &entry.facts(), sealed.as_deref(), now).await?;
        self.note(Note { action: action.to_owned(), license_id, actor: actor.name.clone() });
        self.record(tx, actor, action, subject(license_id), entry).await
    }

    /// Seals what is to be sent about a licence.
    pub(crate) fn seal_for(&self, license_id: Uuid, text: &str) -> Result<Vec<u8>, AuthorityError> {
        let nonce = self.random().bytes();
        Ok(self.master().seal(&sealed_for(license_id), text.as_bytes(), nonce)?)
    }
}

/// The name under which it is sealed.
pub(crate) fn sealed_for(license_id: Uuid) -> String {
    format!("outbox/{license_id}")
}

pub(crate) fn row_hash(row: &AuditRow) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(row.previous);
    hash.update(row.seq.to_be_bytes());
    hash.update(row.at_micros.to_be_bytes());
    for field in [&row.actor, &row.origin, &row.action, &row.subject, &row.details] {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field);
    }
    hash.finalize().into()
}

pub(crate) fn head_mark(master: &MasterKey, seq: u64, hash: &[u8; 32]) -> String {
    let mut message = seq.to_be_bytes().to_vec();
    message.extend_from_slice(hash);
    format!("{seq}:{}", hex(&master.hash("audit head", &message)))
}

/// The salted commitment to a personal value, as it stands in a row.
pub(crate) fn stated(salt: &[u8], value: &str) -> String {
    let digest: [u8; 32] = Sha256::new().chain_update(salt).chain_update(value).finalize().into();
    format!("sha256:{}", hex(&digest))
}
