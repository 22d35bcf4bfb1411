//! What was revoked by the id of a key, and the list that says so.

use crate::words;

words! {
    /// Who said that a key is revoked.
    RevocationSource {
        /// An operator.
        Operator = "operator",
        /// A line of `revocations.txt`.
        Text = "text",
    }
}

/// A key that was revoked by its id, whether this authority issued it or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The id: a key's, or a licence's.
    pub key_id: String,
    /// When.
    pub at: i64,
    /// The public code; see [`public_reason`].
    pub reason: String,
    /// What the line or the operator said besides; nobody else's business.
    pub comment: Option<String>,
    /// Until when products go on.
    pub grace_until: Option<i64>,
    /// Who said so.
    pub source: RevocationSource,
    /// Since when the line that said so is gone. It stays revoked until an operator lifts it.
    pub missing_since: Option<i64>,
    /// Since when it counts no more.
    pub lifted_at: Option<i64>,
}

/// A list as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedList {
    /// Its number.
    pub seq: u64,
    /// When it was signed.
    pub signed_at: i64,
    /// From when on it is no news.
    pub expires_at: i64,
    /// The document, as it is served.
    pub document: String,
}

/// The codes that a public list may give as a reason.
pub const PUBLIC_REASONS: [&str; 5] = ["refund", "terms", "leaked", "superseded", "other"];

/// What the public is told of a reason: its code, or nothing but `other`.
#[must_use]
pub fn public_reason(reason: Option<&str>) -> &'static str {
    let named = |code: &&&str| reason == Some(**code);
    PUBLIC_REASONS.iter().find(named).copied().unwrap_or("other")
}
