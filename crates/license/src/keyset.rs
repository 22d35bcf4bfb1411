//! The keyset: which keys may sign what, signed by a root so that keys rotate without a new build.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::key::Jwk;

/// What a signing key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Purpose {
    /// Signs keysets.
    Root,
    /// Signs licences.
    License,
    /// Signs leases, refusals, verdicts and activation proofs.
    Lease,
    /// Signs revocation lists.
    Revocation,
    /// Signs integrity manifests.
    Manifest,
    /// Signs registry tokens.
    Registry,
    /// Signs checkpoints of the public log.
    Log,
    /// A purpose of a later version; such a key is for nothing here.
    #[serde(other)]
    Unknown,
}

impl Purpose {
    /// The name in documents and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Root => "root",
            Self::License => "license",
            Self::Lease => "lease",
            Self::Revocation => "revocation",
            Self::Manifest => "manifest",
            Self::Registry => "registry",
            Self::Log => "log",
            Self::Unknown => "unknown",
        }
    }
}

/// Where a signing key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyState {
    /// Published, so that products know it before it signs.
    Next,
    /// Signs.
    Active,
    /// Signs no more, verifies.
    Previous,
    /// Verifies no more.
    Retired,
    /// What it signed is refused. Also every state of a later version: refusing is the safe reading.
    #[serde(other)]
    Compromised,
}

impl KeyState {
    /// The name in documents and on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Previous => "previous",
            Self::Retired => "retired",
            Self::Compromised => "compromised",
        }
    }
}

/// One key of a keyset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyEntry {
    /// The public key.
    pub jwk: Jwk,
    /// What it may sign.
    pub purposes: Vec<Purpose>,
    /// Where it is in its life.
    pub state: KeyState,
    /// Earliest `iat` it may sign, seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<i64>,
    /// First `iat` it may no longer sign, seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<i64>,
}

/// Claims of a `keyset+jwt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keyset {
    /// The authority.
    pub iss: String,
    /// When it was signed, seconds since the epoch.
    pub iat: i64,
    /// From when on it counts as no news, seconds since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Grows with every change; a product never goes back to a lower one.
    pub version: u64,
    /// The keys.
    pub keys: Vec<KeyEntry>,
}

impl Document for Keyset {
    const TYP: &'static str = "keyset+jwt";
    const PURPOSE: Purpose = Purpose::Root;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
