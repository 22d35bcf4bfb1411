//! What can go wrong in storage, by who must act.

/// A failure of storage. "Not there" is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// A uniqueness rule: somebody was faster.
    #[error("a row with the same {0} exists already")]
    Conflict(String),
    /// The row changed or vanished since it was read.
    #[error("the {0} changed since it was read")]
    Stale(&'static str),
    /// A stored value that cannot be what was written.
    #[error("the database holds a value that makes no sense: {table}.{column} of row {row}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Column.
        column: &'static str,
        /// The row's key.
        row: String,
    },
    /// Busy, full, read-only, gone: the operator or time must help.
    #[error("the database cannot be used now: {0}")]
    Unavailable(String),
    /// A defect of ours.
    #[error("the database refused a statement: {0}")]
    Internal(String),
}
