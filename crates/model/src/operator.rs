//! Who may operate the authority.

use std::fmt;

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
#[derive(Clone, PartialEq, Eq)]
pub struct Operator {
    /// Row id.
    pub id: Uuid,
    /// Log-in name, unique.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The password as argon2id leaves it, a PHC text; `None`: it has tokens only.
    pub password: Option<String>,
    /// The secret of its one-time codes, sealed.
    pub totp: Option<Vec<u8>>,
    /// A secret that takes the former's place once a code of it was shown, sealed.
    pub totp_pending: Option<Vec<u8>>,
    /// The time step of the last code: one is used once.
    pub totp_step: i64,
    /// When it was made.
    pub created_at: i64,
    /// When it was last changed.
    pub updated_at: i64,
}

/// Neither password nor codes are for logs.
impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Operator");
        shown.field("id", &self.id).field("name", &self.name).field("role", &self.role);
        shown.finish_non_exhaustive()
    }
}
