//! An activation: a cluster that has, or had, a seat of a licence. The wide row; what a heartbeat changes
//! is in [`Seat`](crate::Seat).

use uuid::Uuid;

/// A cluster of a licence. There is one row for each pair, kept when the seat is given back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activation {
    /// Row id; known to the product.
    pub id: Uuid,
    /// The licence.
    pub license_id: Uuid,
    /// Unique within the licence.
    pub cluster_id: String,
    /// As told by the product; shown masked to others.
    pub hostname: Option<String>,
    /// As told by the product.
    pub addresses: Vec<String>,
    /// The machine, as told by the product.
    pub fingerprint: Option<String>,
    /// Who set it up.
    pub email: Option<String>,
    /// For which organisation.
    pub organization: Option<String>,
    /// When the terms were accepted.
    pub terms_accepted_at: Option<i64>,
    /// Digest of the integrity manifest.
    pub artifacts_digest: Option<String>,
    /// Salt of the chain of actions, fixed at activation.
    pub salt: Vec<u8>,
    /// The signed record that the last activation handed out; part of the key of the chain of actions.
    pub record: Option<Uuid>,
    /// By whose word the seat of a machine without network is given back: the thumbprint of its key, or its typed
    /// request. `None`: it asks by itself.
    pub carried: Option<String>,
    /// First activation.
    pub created_at: i64,
    /// Last activation.
    pub activated_at: i64,
}
