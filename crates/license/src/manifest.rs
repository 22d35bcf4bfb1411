//! The integrity manifest: which artifacts a release consists of.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of a `manifest+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The vendor.
    pub iss: String,
    /// When it was made.
    pub iat: i64,
    /// From when on it counts no more; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// Product code.
    pub product: String,
    /// Version of the release.
    pub version: String,
    /// What the release consists of.
    pub artifacts: Vec<Artifact>,
}

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Path within the release, with `/`.
    pub name: String,
    /// Its own version, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
    /// Who signed the file itself, where somebody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signer: Option<String>,
}

impl Document for Manifest {
    const TYP: &'static str = "manifest+jwt";
    const PURPOSE: Purpose = Purpose::Manifest;
    const MAX_BYTES: usize = 4 * 1024 * 1024;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
