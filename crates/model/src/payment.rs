//! What a payment provider told: events, kept once each, and the purchases that they are about.

use uuid::Uuid;

/// A subscription, or a thing bought once, and what came of it here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    /// Row id.
    pub id: Uuid,
    /// The provider, e.g. `stripe`.
    pub provider: String,
    /// The licence that it pays for, once there is one.
    pub license_id: Option<Uuid>,
    /// What the licence was last made to be on its account, as JSON text.
    pub applied: Option<String>,
    /// First event.
    pub created_at: i64,
}

/// An event of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentEvent {
    /// Row id.
    pub id: Uuid,
    /// The provider.
    pub provider: String,
    /// The provider's own id of it: it counts once.
    pub event: String,
    /// What it is about.
    pub purchase_id: Uuid,
    /// The provider's word for what happened.
    pub kind: String,
    /// When it happened, by the provider's clock.
    pub at: i64,
    /// When it came.
    pub received_at: i64,
    /// What counts of it, as JSON text.
    pub facts: String,
}
