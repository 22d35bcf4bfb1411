//! API tokens.

use async_trait::async_trait;
use licentia_model::ApiToken;

use crate::Result;

/// API tokens.
#[async_trait]
pub trait ApiTokens {
    /// A new token.
    async fn insert_api_token(&mut self, token: &ApiToken) -> Result<()>;
    /// By its keyed hash.
    async fn api_token(&mut self, hash: &[u8; 32]) -> Result<Option<ApiToken>>;
}
