//! Pull tokens.

use async_trait::async_trait;
use licentia_model::PullToken;
use uuid::Uuid;

use crate::Result;

/// Pull tokens.
#[async_trait]
pub trait PullTokens {
    /// A new token.
    async fn insert_pull_token(&mut self, token: &PullToken) -> Result<()>;
    /// Replaces hash, prefix, and when it was revoked.
    async fn update_pull_token(&mut self, token: &PullToken) -> Result<()>;
    /// By its keyed hash.
    async fn pull_token(&mut self, hash: &[u8; 32]) -> Result<Option<PullToken>>;
    /// By its id.
    async fn pull_token_by_id(&mut self, id: Uuid) -> Result<Option<PullToken>>;
    /// Newest first, of one licence, after one; at most `limit`.
    async fn pull_tokens(
        &mut self,
        license_id: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<PullToken>>;
}
