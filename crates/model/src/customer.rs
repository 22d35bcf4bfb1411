//! Whom licences are issued to.

use uuid::Uuid;

/// A customer. All fields but the id are personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Row id; the only part that licences and audit rows keep in clear.
    pub id: Uuid,
    /// E-mail address as given; found by its lower-case form.
    pub email: String,
    /// Personal name.
    pub name: Option<String>,
    /// Organisation.
    pub organization: Option<String>,
    /// First licence.
    pub created_at: i64,
}
