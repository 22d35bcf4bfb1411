//! The signed online verdict, answer of `validate` to a request that brought a nonce.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of a `verdict+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OnlineVerdict {
    /// The authority.
    pub iss: String,
    /// When it was asked.
    pub iat: i64,
    /// From when on it counts no more.
    pub exp: i64,
    /// The client's nonce, echoed.
    pub nonce: String,
    /// Whether the licence is valid.
    pub valid: bool,
    /// `valid`, or why not.
    pub code: String,
    /// The licence, where it is valid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
}

impl Document for OnlineVerdict {
    const TYP: &'static str = "verdict+jwt";
    const PURPOSE: Purpose = Purpose::Lease;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
