//! What running products are told at once: a row queued with the change, read by every replica.

use uuid::Uuid;

use crate::words;

words! {
    /// What happened to a licence. It only makes a product ask at once.
    EventKind {
        /// Suspended.
        Suspended = "suspended",
        /// In force again.
        Resumed = "resumed",
        /// Revoked.
        Revoked = "revoked",
        /// Its plan or key changed.
        Changed = "changed",
        /// The authority's keyset changed; for everybody.
        Keyset = "keyset",
        /// What is revoked by the id of a key changed; for whoever publishes the list, and for no product.
        Listed = "listed",
    }
}

/// An event of a licence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Grows with every event.
    pub seq: u64,
    /// The licence; `None`: all of them.
    pub license_id: Option<Uuid>,
    /// What happened.
    pub kind: EventKind,
    /// When.
    pub at: i64,
}
