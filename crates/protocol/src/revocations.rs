//! Revocations by key id, and what is published of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// Revokes a key by its id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RevokeKey {
    /// The key's id (`jti`), or the licence's. It need not be known here.
    pub key_id: String,
    /// The public code: `refund`, `terms`, `leaked`, `superseded` or `other` (default).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to remember besides; it is not published. At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Seconds that running products may go on.
    #[serde(default)]
    pub grace_s: u32,
}

/// A key that was revoked by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyRevocation {
    /// The id.
    pub key_id: String,
    /// When.
    pub revoked_at: Timestamp,
    /// The public code.
    pub reason: String,
    /// What is remembered besides; it is not published.
    pub comment: Option<String>,
    /// Until when running products may go on.
    pub grace_until: Option<Timestamp>,
    /// `text` (a line of `revocations.txt`) or `operator`.
    pub source: String,
    /// Since when that line is gone. The key stays revoked until it is lifted.
    pub missing_since: Option<Timestamp>,
    /// Since when it is not revoked any more.
    pub lifted_at: Option<Timestamp>,
}

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Published {
    /// The list's number.
    pub seq: u64,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// From when on it is no news.
    pub expires_at: Timestamp,
    /// How many keys and licences are on it.
    pub revoked: usize,
    /// Whether it is older than three hours.
    pub late: bool,
    /// What `revocations.txt` said when it was last read; `null` where there is none.
    pub text: Option<Text>,
}

/// What `revocations.txt` said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Text {
    /// SHA-256 of the file, in hex.
    pub digest: String,
    /// When it was read.
    pub read_at: Timestamp,
    /// Lines that revoke.
    pub lines: usize,
    /// Lines that make no sense.
    pub bad_lines: usize,
    /// The first hundred of them.
    pub problems: Vec<TextProblem>,
    /// Keys that stay revoked although their line is gone.
    pub missing: u64,
}

/// A line that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TextProblem {
    /// Its number, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}
