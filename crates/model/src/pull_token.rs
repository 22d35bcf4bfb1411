//! A customer's token for downloads, container registry and package index; stored as a keyed hash only.

use uuid::Uuid;

/// A pull token: opens what its licence covers, and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullToken {
    /// Row id.
    pub id: Uuid,
    /// The licence.
    pub license_id: Uuid,
    /// What it is for.
    pub name: String,
    /// The first letters of it, so that its owner recognises it.
    pub prefix: String,
    /// Keyed hash.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: i64,
    /// When it ends; `None`: with its licence.
    pub expires_at: Option<i64>,
    /// Since when it opens nothing any more.
    pub revoked_at: Option<i64>,
}

impl PullToken {
    /// Whether it opens anything at `now`, as long as its licence is good.
    #[must_use]
    pub fn is_good(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
