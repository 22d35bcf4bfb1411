//! The signed answer to an application that asks for its newest release.

use serde::{Deserialize, Serialize};

use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of a `release+jwt`. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseNews {
    /// The authority.
    pub iss: String,
    /// Product code.
    pub aud: String,
    /// When it was said.
    pub iat: i64,
    /// From when on it is no news: an old answer cannot be shown for ever.
    pub exp: i64,
    /// The channel that was asked about.
    pub channel: String,
    /// The platform that was asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// The version that the application has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// A newer one that its licence covers; none: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Latest>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latest {
    /// Its semantic version.
    pub version: String,
    /// When it came out.
    pub published_at: i64,
    /// Its files for the platform.
    pub files: Vec<ReleaseFile>,
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseFile {
    /// File name.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes, in lower-case hex.
    pub sha256: String,
}

impl Document for ReleaseNews {
    const TYP: &'static str = "release+jwt";
    const PURPOSE: Purpose = Purpose::Manifest;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
