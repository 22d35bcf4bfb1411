//! Revocations by key id, and published lists.

use async_trait::async_trait;
use licentia_model::{PublishedList, Revocation};
use uuid::Uuid;

use crate::Result;

/// Revocations.
#[async_trait]
pub trait Revocations {
    /// A revocation by key id.
    async fn revocation(&mut self, key_id: &str) -> Result<Option<Revocation>>;
    /// Inserts or replaces one.
    async fn put_revocation(&mut self, revocation: &Revocation) -> Result<()>;
    /// Those whose key id comes after this one, in the order of key ids; lifted ones too.
    async fn revocations_after(&mut self, key_id: &str, limit: u32) -> Result<Vec<Revocation>>;
    /// Keys of licences that count no more, and since when; those after this one, in their order.
    async fn voided_keys_after(&mut self, jti: Uuid, limit: u32) -> Result<Vec<(Uuid, i64)>>;
    /// The newest published list of a name.
    async fn published_list(&mut self, name: &str) -> Result<Option<PublishedList>>;
    /// Its number, time and end alone.
    async fn published_mark(&mut self, name: &str) -> Result<Option<(u64, i64, i64)>>;
    /// Publishes a list in the place of the one with the number `former` (`None`: there is none yet); `false` where
    /// another one is there by now.
    async fn publish_list(
        &mut self,
        name: &str,
        former: Option<u64>,
        list: &PublishedList,
    ) -> Result<bool>;
}
