//! Who may operate the authority.

use uuid::Uuid;

use crate::words;

words! {
    /// What an operator may do.
    Role {
        /// Everything, other operators included.
        Owner = "owner",
        /// Catalogue and licences.
        Operator = "operator",
        /// Reads, and releases seats.
        Support = "support",
        /// Reads.
        ReadOnly = "read-only",
    }
}

/// An operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Row id.
    pub id: Uuid,
    /// Log-in name, unique.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// When it was made.
    pub created_at: i64,
}
