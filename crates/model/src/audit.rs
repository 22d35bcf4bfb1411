//! The audit trail: a chain of rows, each naming who did what to whom, with the hash of the row before.

/// A row of the trail as it rests. Personal fields appear in `details` only as salted commitments, so that
/// erasing a person keeps the chain whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// 1 for the first row, then one more each.
    pub seq: u64,
    /// Microseconds since the epoch.
    pub at_micros: i64,
    /// Who: `operator:…`, `cli:…`, `product`, `system`.
    pub actor: String,
    /// From where: an address, or `local`.
    pub origin: String,
    /// What, e.g. `license.suspend`.
    pub action: String,
    /// To what, e.g. `license:UUID`.
    pub subject: String,
    /// Before and after, as JSON text.
    pub details: String,
    /// Hash of the row before; zeros for the first.
    pub previous: [u8; 32],
    /// Hash over all of the above.
    pub hash: [u8; 32],
}

/// A personal value that a row commits to, kept apart so that it can be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditSecret {
    /// The row.
    pub seq: u64,
    /// Name of the field in `details`.
    pub field: String,
    /// Salt of the commitment.
    pub salt: Vec<u8>,
    /// The value.
    pub value: String,
}
