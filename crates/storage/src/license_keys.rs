//! Keys of licences.

use async_trait::async_trait;
use licentia_model::LicenseKey;
use uuid::Uuid;

use crate::Result;

/// Keys of licences.
#[async_trait]
pub trait LicenseKeys {
    /// A new key.
    async fn insert_license_key(&mut self, key: &LicenseKey) -> Result<()>;
    /// By its `jti`.
    async fn license_key(&mut self, jti: Uuid) -> Result<Option<LicenseKey>>;
}
