//! A webhook: where events are told to, and what its calls are signed with.

use uuid::Uuid;

use crate::words;

words! {
    /// How calls are signed (Standard Webhooks).
    Signing {
        /// HMAC-SHA256 under a secret that both know.
        V1 = "v1",
        /// Ed25519: whoever can check cannot sign.
        V1a = "v1a",
    }
}

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Row id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events; none: all of them.
    pub events: Vec<String>,
    /// How calls are signed.
    pub signing: Signing,
    /// The secret, or the seed of the private key; sealed under the master key.
    pub secret: Vec<u8>,
    /// The one before, while both sign.
    pub former: Option<Vec<u8>>,
    /// Until when.
    pub former_until: Option<i64>,
    /// Since when nothing is sent.
    pub disabled_at: Option<i64>,
    /// Why.
    pub disabled_why: Option<String>,
    /// Made.
    pub created_at: i64,
    /// Last change.
    pub updated_at: i64,
}
