//! The receipt of an erasure, for whoever asked for it.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of an `erasure+jwt`: a customer was forgotten. It names him by an id that leads nowhere any more. Times are
/// seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The authority.
    pub iss: String,
    /// Id of the customer.
    pub sub: String,
    /// When it was done.
    pub iat: i64,
    /// Licences whose documents name nobody any more.
    pub licenses: u64,
    /// Texts of keys that are gone.
    pub keys: u64,
    /// Installations that are told by an id alone.
    pub activations: u64,
    /// Events of payments that say no more who paid.
    pub payments: u64,
    /// Personal values of the audit trail that are gone; its rows stay, and still prove what happened.
    pub audit_values: u64,
    /// Mails to him, and calls of webhooks about his licences, that are gone.
    #[serde(default)]
    pub mails: u64,
}

impl Document for Erasure {
    const TYP: &'static str = "erasure+jwt";
    const PURPOSE: Purpose = Purpose::License;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
