//! Where an audit trail stood, signed, to be kept away from the database that holds the trail.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of a `checkpoint+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The authority.
    pub iss: String,
    /// When it stood there.
    pub iat: i64,
    /// Number of the last row.
    pub seq: u64,
    /// Hash of that row, in lower-case hex; it covers all before.
    pub hash: String,
}

impl Document for Checkpoint {
    const TYP: &'static str = "checkpoint+jwt";
    const PURPOSE: Purpose = Purpose::Log;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
