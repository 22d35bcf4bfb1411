//! Operators.

use async_trait::async_trait;
use licentia_model::Operator;

use crate::Result;

/// Operators.
#[async_trait]
pub trait Operators {
    /// A new operator; [`Conflict`](crate::StorageError::Conflict) on the name.
    async fn insert_operator(&mut self, operator: &Operator) -> Result<()>;
    /// All, by name.
    async fn operators(&mut self) -> Result<Vec<Operator>>;
}
