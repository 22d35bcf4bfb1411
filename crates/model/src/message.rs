//! A side effect to be carried out: queued with the change that causes it, sent by a job that may run twice.

use uuid::Uuid;

/// A message in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Grows with every message.
    pub seq: u64,
    /// The licence it is about; messages of one licence are in order.
    pub license_id: Uuid,
    /// What happened, e.g. `license.suspend`: the action of the audit row.
    pub kind: String,
    /// Facts as JSON text; nothing personal.
    pub facts: String,
    /// What must not be kept but has to be sent, sealed under the master key: a key that is shown once.
    pub sealed: Option<Vec<u8>>,
    /// When it happened.
    pub at: i64,
}
