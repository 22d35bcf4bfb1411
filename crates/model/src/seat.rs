//! A seat: the narrow row that a heartbeat changes.

use uuid::Uuid;

use crate::License;

/// The lease state of one activation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// The activation.
    pub activation_id: Uuid,
    /// The licence.
    pub license_id: Uuid,
    /// Grows by one with every answer, over the whole life of the activation.
    pub generation: u64,
    /// The client's nonce of the last answer.
    pub nonce: String,
    /// The authority's nonce of the last answer.
    pub server_nonce: String,
    /// The one before it, of the same activation; entries of the chain of actions may be sealed under it.
    pub previous_server_nonce: Option<String>,
    /// End of the lease; a seat is free from then on. 0 once given back.
    pub lease_until: i64,
    /// Last answer.
    pub last_seen: i64,
    /// Nodes last reported.
    pub nodes: Option<u32>,
    /// Beyond the seats paid for, within the plan's overage.
    pub overage: bool,
    /// Keyed hash of the access token.
    pub token_hash: [u8; 32],
    /// Keyed hash of the token before; good only to repeat a lost answer.
    pub previous_token_hash: Option<[u8; 32]>,
    /// When the token was made.
    pub token_issued_at: i64,
    /// `token_version` of the licence when the token was made.
    pub token_version: u64,
}

/// A seat with what a heartbeat is judged by beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSeat {
    /// The seat.
    pub seat: Seat,
    /// The activation's `cluster_id`.
    pub cluster_id: String,
    /// The activation's `fingerprint`.
    pub fingerprint: Option<String>,
    /// When the activation was made last.
    pub activated_at: i64,
    /// The seat's licence.
    pub license: License,
}

impl Seat {
    /// Whatever the holder brings from now on is stale: it must activate again.
    pub fn make_stale(&mut self) {
        self.generation += 1;
        // Nobody can bring this one: a nonce is never empty.
        self.nonce = String::new();
    }

    /// Whether the seat is taken at `now`: its lease runs, and where the plan reclaims silent seats, it has
    /// not been silent for that long.
    #[must_use]
    pub fn is_live(&self, now: i64, reclaim_after_s: Option<u32>) -> bool {
        self.lease_until > now
            && reclaim_after_s.is_none_or(|s| self.last_seen.saturating_add(i64::from(s)) > now)
    }
}
