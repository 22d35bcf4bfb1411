//! Releases and their artifacts.

use async_trait::async_trait;
use licentia_model::{Artifact, Release};
use uuid::Uuid;

use crate::Result;

/// Releases and their artifacts.
#[async_trait]
pub trait Releases {
    /// A new release.
    async fn insert_release(&mut self, release: &Release) -> Result<()>;
    /// Replaces state, channel, notes and reason, and when it was published and changed.
    async fn update_release(&mut self, release: &Release) -> Result<()>;
    /// By its id.
    async fn release_by_id(&mut self, id: Uuid) -> Result<Option<Release>>;
    /// By its version, letter by letter.
    async fn release_by_version(
        &mut self,
        product_id: Uuid,
        version: &str,
    ) -> Result<Option<Release>>;
    /// Newest first, of one product or of all, after one; at most `limit`.
    async fn releases(
        &mut self,
        product_id: Option<Uuid>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Release>>;
    /// Those of a product that are out, the one published last first; at most `limit`.
    async fn published_releases(&mut self, product_id: Uuid, limit: u32) -> Result<Vec<Release>>;

    /// A new artifact.
    async fn insert_artifact(&mut self, artifact: &Artifact) -> Result<()>;
    /// Replaces signature and when it was stored.
    async fn update_artifact(&mut self, artifact: &Artifact) -> Result<()>;
    /// Removes one.
    async fn delete_artifact(&mut self, id: Uuid) -> Result<()>;
    /// By its id.
    async fn artifact(&mut self, id: Uuid) -> Result<Option<Artifact>>;
    /// Those of a release, by name.
    async fn artifacts(&mut self, release_id: Uuid) -> Result<Vec<Artifact>>;
}
