//! Activations.

use async_trait::async_trait;
use licentia_model::Activation;
use uuid::Uuid;

use crate::Result;

/// Activations, and the take-overs of their cluster ids.
#[async_trait]
pub trait Activations {
    /// A new activation; [`Conflict`](crate::StorageError::Conflict) on licence and cluster.
    async fn insert_activation(&mut self, activation: &Activation) -> Result<()>;
    /// Replaces all but id, licence, cluster, salt and `created_at`.
    async fn update_activation(&mut self, activation: &Activation) -> Result<()>;
    /// By row id.
    async fn activation(&mut self, id: Uuid) -> Result<Option<Activation>>;
    /// By licence and cluster.
    async fn activation_of_cluster(
        &mut self,
        license_id: Uuid,
        cluster_id: &str,
    ) -> Result<Option<Activation>>;
    /// Newest first; of one licence or of all; at most `limit`.
    async fn activations(
        &mut self,
        license_id: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Activation>>;
    /// Notes that a live cluster id was taken over.
    async fn insert_takeover(&mut self, activation_id: Uuid, at: i64) -> Result<()>;
    /// How often it was taken over since then; older notes are dropped.
    async fn takeovers_since(&mut self, activation_id: Uuid, since: i64) -> Result<u32>;
}
