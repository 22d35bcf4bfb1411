//! A bearer token of an operator; stored as a keyed hash only.

use uuid::Uuid;

use crate::Scope;

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Row id.
    pub id: Uuid,
    /// Whose it is.
    pub operator_id: Uuid,
    /// What it is for.
    pub name: String,
    /// The first letters of it, so that its owner recognises it; empty for those of old.
    pub prefix: String,
    /// Keyed hash.
    pub hash: [u8; 32],
    /// What it may do, as long as its operator may do it too.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: i64,
    /// When it ends; `None`: never.
    pub expires_at: Option<i64>,
    /// When it was last shown, to a minute.
    pub last_used_at: Option<i64>,
    /// Since when it opens nothing any more.
    pub revoked_at: Option<i64>,
}

impl ApiToken {
    /// Whether it opens anything at `now`.
    #[must_use]
    pub fn is_good(&self, now: i64) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
