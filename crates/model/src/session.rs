//! A log-in of an operator that lasts a while; its token is stored as a keyed hash only.

use uuid::Uuid;

/// How long a session lasts after its last use, in seconds.
pub const IDLE_S: i64 = 2 * 3600;

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Row id.
    pub id: Uuid,
    /// Whose it is.
    pub operator_id: Uuid,
    /// Keyed hash.
    pub hash: [u8; 32],
    /// The address it was begun from.
    pub origin: String,
    /// The program that began it, in its own words.
    pub agent: Option<String>,
    /// When it began.
    pub created_at: i64,
    /// When it was last used, to a minute.
    pub last_used_at: i64,
    /// When it ends, however much it is used.
    pub expires_at: i64,
}

impl Session {
    /// Whether it opens anything at `now`.
    #[must_use]
    pub fn is_good(&self, now: i64) -> bool {
        now < self.expires_at && now < self.last_used_at.saturating_add(IDLE_S)
    }
}
