//! The receipt: proof that a licence is in the authority's public log.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of a `receipt+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The authority.
    pub iss: String,
    /// When the entry was logged.
    pub iat: i64,
    /// Name of the log, as its checkpoints spell it.
    pub log: String,
    /// Number of the entry, from 0.
    pub index: u64,
    /// Hash of the entry, base64url (RFC 9162 section 2.1.1).
    pub leaf: String,
    /// Entries of the tree that the proof is for.
    pub tree_size: u64,
    /// Head of that tree, base64url.
    pub root: String,
    /// Inclusion proof from the leaf upwards, base64url (RFC 9162 section 2.1.3).
    pub proof: Vec<String>,
}

impl Document for Receipt {
    const TYP: &'static str = "receipt+jwt";
    const PURPOSE: Purpose = Purpose::Log;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
