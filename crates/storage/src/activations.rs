//! Activations.

use async_trait::async_trait;
use licentia_model::Activation;
use uuid::Uuid;

use crate::{Place, Result};

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
    /// A page of one licence's or of all, by `created_at`, then id.
    async fn walk_activations(
        &mut self,
        license_id: Option<Uuid>,
        descending: bool,
        after: Place,
        limit: u32,
    ) -> Result<Vec<Activation>>;
    /// Those whose cluster id begins so, in the order of cluster ids; only those after `after`.
    async fn find_clusters(
        &mut self,
        prefix: &str,
        after: Option<(&str, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Activation>>;
    /// The first activation of a licence, by cluster id, whose cluster id begins so.
    async fn first_cluster(&mut self, license_id: Uuid, prefix: &str) -> Result<Option<Uuid>>;
    /// Notes that a live cluster id was taken over.
    async fn insert_takeover(&mut self, activation_id: Uuid, at: i64) -> Result<()>;
    /// How often it was taken over since then; older notes are dropped.
    async fn takeovers_since(&mut self, activation_id: Uuid, since: i64) -> Result<u32>;
}
