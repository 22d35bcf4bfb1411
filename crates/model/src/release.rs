//! A release of a product, and the files that it consists of.

use uuid::Uuid;

use crate::words;

words! {
    /// Where a release is in its life.
    ReleaseState {
        /// Its artifacts are being put in; nobody but operators sees it.
        Draft = "draft",
        /// Out: it stays what it is.
        Published = "published",
        /// Taken back; nobody is offered it any more.
        Yanked = "yanked",
    }
}

/// A release of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Row id.
    pub id: Uuid,
    /// The product.
    pub product_id: Uuid,
    /// Semantic version (semver.org 2.0.0), unique within the product.
    pub version: String,
    /// E.g. `stable`.
    pub channel: String,
    /// Where it is in its life.
    pub state: ReleaseState,
    /// For people.
    pub notes: Option<String>,
    /// Why it was yanked.
    pub reason: Option<String>,
    /// When the draft was made.
    pub created_at: i64,
    /// When it came out.
    pub published_at: Option<i64>,
    /// Last change.
    pub updated_at: i64,
}

/// A file of a release. Its bytes rest in the object store under their hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Row id.
    pub id: Uuid,
    /// The release.
    pub release_id: Uuid,
    /// File name, unique within the release.
    pub name: String,
    /// Whom it is for, such as `linux-x86_64`; `any`: everybody.
    pub platform: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of the bytes.
    pub sha256: [u8; 32],
    /// A `manifest+jwt` that names product, version, file and hash; there once the bytes are.
    pub signature: Option<String>,
    /// Where in the archive the customer's licence file belongs; `None`: it is handed out as it is.
    pub personalize: Option<String>,
    /// `Requires-Python` of a Python distribution (PEP 345).
    pub requires_python: Option<String>,
    /// When it was announced.
    pub created_at: i64,
    /// Since when its bytes are here, whole and checked.
    pub stored_at: Option<i64>,
}
