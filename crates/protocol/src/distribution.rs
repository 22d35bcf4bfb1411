//! Releases, their files, and what customers fetch them with.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A customer's token: opens what its licence covers in the container registry, the package index and the downloads.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PullToken {
    /// Id.
    pub id: Uuid,
    /// The licence.
    pub license_id: Uuid,
    /// What it is for.
    pub name: String,
    /// Its first letters, to recognise it by.
    pub prefix: String,
    /// The token itself; in the answer that makes it, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `null`: with its licence.
    pub expires_at: Option<Timestamp>,
    /// Since when it opens nothing any more; `null`: it does.
    pub revoked_at: Option<Timestamp>,
}

/// A release of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Release {
    /// Id.
    pub id: Uuid,
    /// Product code.
    pub product: String,
    /// Semantic version.
    pub version: String,
    /// Channel, such as `stable`.
    pub channel: String,
    /// `draft`, `published` or `yanked`.
    pub state: String,
    /// For people.
    pub notes: Option<String>,
    /// Why it was yanked.
    pub reason: Option<String>,
    /// When the draft was made.
    pub created_at: Timestamp,
    /// When it came out.
    pub published_at: Option<Timestamp>,
    /// Its files, by name.
    pub artifacts: Vec<Artifact>,
}

/// A file of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Artifact {
    /// Id.
    pub id: Uuid,
    /// File name.
    pub name: String,
    /// Whom it is for, such as `linux-x86_64`; `any`: everybody.
    pub platform: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the file, in lower-case hex. Of a personalised archive: of the original.
    pub sha256: String,
    /// A `manifest+jwt` that names product, version, file and hash; `null` until the file is stored.
    pub signature: Option<String>,
    /// Where in the archive the customer's licence file is put; `null`: nowhere.
    pub personalize: Option<String>,
    /// `Requires-Python` of a Python distribution.
    pub requires_python: Option<String>,
    /// Since when the whole file is here; `null`: it is not.
    pub stored_at: Option<Timestamp>,
}

/// A release to be made; its files are put in one by one, then it is published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRelease {
    /// Product code.
    pub product: String,
    /// Semantic version.
    pub version: String,
    /// Channel; default: `stable`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
}

/// A file that is going to be uploaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewArtifact {
    /// File name: up to 200 letters, digits and `._+-~`, the first one a letter or digit.
    pub name: String,
    /// Whom it is for; default: `any`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// Bytes.
    pub size: u64,
    /// SHA-256, in lower-case hex.
    pub sha256: String,
    /// Where in the archive (`.zip`, `.tar`, `.tar.gz`, `.tgz`) the customer's licence file is put.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personalize: Option<String>,
    /// `Requires-Python` of a Python distribution.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_python: Option<String>,
}

/// How far an upload is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upload {
    /// The file.
    pub artifact: Artifact,
    /// Bytes of every part but the last; parts are counted from 0.
    pub part_size: u64,
    /// The parts that are here.
    pub parts: Vec<u32>,
}

/// A link that needs no credentials and does not last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Link {
    /// Path and parameters, below the address of the authority.
    pub href: String,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A file that a customer may fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Download {
    /// The file.
    pub artifact: Artifact,
    /// Where it is to be had.
    pub link: Link,
}

/// A release that a customer may fetch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CoveredRelease {
    /// Product code.
    pub product: String,
    /// Semantic version.
    pub version: String,
    /// Channel.
    pub channel: String,
    /// For people.
    pub notes: Option<String>,
    /// When it came out.
    pub published_at: Option<Timestamp>,
    /// Its files.
    pub downloads: Vec<Download>,
}

/// What an application learns of the newest release for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Latest {
    /// The newest release that the licence covers and that is newer than `version`; `null`: there is none.
    pub release: Option<CoveredRelease>,
    /// The same as a `release+jwt`, signed by the manifest key: product, channel, platform, version asked about, version
    /// found and the hashes of its files.
    pub signed: String,
}
