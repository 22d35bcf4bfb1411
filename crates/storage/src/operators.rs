//! Operators.

use async_trait::async_trait;
use licentia_model::Operator;
use uuid::Uuid;

use crate::Result;

/// Operators.
#[async_trait]
pub trait Operators {
    /// A new operator; [`Conflict`](crate::StorageError::Conflict) on the name.
    async fn insert_operator(&mut self, operator: &Operator) -> Result<()>;
    /// Replaces everything but id, name and `created_at`.
    async fn update_operator(&mut self, operator: &Operator) -> Result<()>;
    /// Removes one that has no tokens, sessions and recovery codes any more.
    async fn delete_operator(&mut self, id: Uuid) -> Result<()>;
    /// By id.
    async fn operator(&mut self, id: Uuid) -> Result<Option<Operator>>;
    /// By name.
    async fn operator_by_name(&mut self, name: &str) -> Result<Option<Operator>>;
    /// All, by name.
    async fn operators(&mut self) -> Result<Vec<Operator>>;
    /// A page of them by name, after one; at most `limit`.
    async fn operators_after(&mut self, name: &str, limit: u32) -> Result<Vec<Operator>>;
    /// Replaces the recovery codes.
    async fn put_recovery_codes(&mut self, operator_id: Uuid, hashes: &[[u8; 32]]) -> Result<()>;
    /// How many are left.
    async fn recovery_codes(&mut self, operator_id: Uuid) -> Result<u32>;
    /// Uses one up; whether it was there.
    async fn use_recovery_code(&mut self, operator_id: Uuid, hash: &[u8; 32]) -> Result<bool>;
}
