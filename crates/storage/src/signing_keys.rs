//! Signing keys.

use async_trait::async_trait;
use licentia_model::SigningKey;

use crate::Result;

/// The authority's signing keys.
#[async_trait]
pub trait SigningKeys {
    /// A new key.
    async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<()>;
    /// Replaces state and validity.
    async fn update_signing_key(&mut self, key: &SigningKey) -> Result<()>;
    /// All, oldest first.
    async fn signing_keys(&mut self) -> Result<Vec<SigningKey>>;
}
