//! A bearer token of an operator; stored as a keyed hash only.

use uuid::Uuid;

/// An API token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiToken {
    /// Row id.
    pub id: Uuid,
    /// Whose it is.
    pub operator_id: Uuid,
    /// What it is for.
    pub name: String,
    /// Keyed hash.
    pub hash: [u8; 32],
    /// What it may do, e.g. `admin`.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it ends; `None`: never.
    pub expires_at: Option<i64>,
}
