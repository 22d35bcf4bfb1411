//! Where the chain of actions of an activation stands.

use uuid::Uuid;

/// The last acknowledged entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainHead {
    /// The activation.
    pub activation_id: Uuid,
    /// Its sequence, from 1.
    pub sequence: u64,
    /// Its MAC, by which the next entry follows it.
    pub mac: [u8; 32],
}
