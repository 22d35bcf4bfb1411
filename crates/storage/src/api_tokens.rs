//! API tokens.

use async_trait::async_trait;
use licentia_model::ApiToken;
use uuid::Uuid;

use crate::Result;

/// API tokens.
#[async_trait]
pub trait ApiTokens {
    /// A new token.
    async fn insert_api_token(&mut self, token: &ApiToken) -> Result<()>;
    /// Replaces hash, prefix, and when it was revoked.
    async fn update_api_token(&mut self, token: &ApiToken) -> Result<()>;
    /// By its keyed hash.
    async fn api_token(&mut self, hash: &[u8; 32]) -> Result<Option<ApiToken>>;
    /// By its id.
    async fn api_token_by_id(&mut self, id: Uuid) -> Result<Option<ApiToken>>;
    /// Newest first, of one operator or of all, after one; at most `limit`.
    async fn api_tokens(
        &mut self,
        operator_id: Option<Uuid>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ApiToken>>;
    /// Was shown at `at`; whether that is later than what is known.
    async fn touch_api_token(&mut self, id: Uuid, at: i64) -> Result<bool>;
    /// Removes all of an operator's; how many.
    async fn delete_api_tokens(&mut self, operator_id: Uuid) -> Result<u64>;
}
