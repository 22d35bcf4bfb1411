//! Forgetting a person, and nothing else.

use async_trait::async_trait;
use uuid::Uuid;

use crate::Result;

/// What is forgotten when a customer is; each says of how many rows.
#[async_trait]
pub trait Erasure {
    /// The personal values of the audit rows about a subject. The rows stay, with their commitments.
    async fn erase_audit_values(&mut self, subject: &str) -> Result<u64>;
    /// What is personal of a licence's activations; a cluster's name becomes `erased-` and the id of the activation.
    async fn erase_activations(&mut self, license_id: Uuid) -> Result<u64>;
    /// The texts of a licence's keys, but for this one.
    async fn erase_license_keys(&mut self, license_id: Uuid, except: Uuid) -> Result<u64>;
    /// A licence's jobs of a kind; of the others those that have ended. What is sealed in its messages goes too.
    async fn erase_jobs(&mut self, license_id: Uuid, kind: &str) -> Result<u64>;
    /// The jobs whose `once` begins so; nothing in it is a wildcard of SQL.
    async fn erase_jobs_known_by(&mut self, beginning: &str) -> Result<u64>;
}
