//! Releases as operators see them.

use licentia_model::{Artifact, Release};
use licentia_protocol::distribution;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::hex::hex;
use crate::products::edit::of_code;
use crate::seats::timestamp;

impl Authority {
    /// A page of releases, newest first, of one product or of all.
    pub async fn list_releases(
        &self,
        product: Option<String>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<distribution::Release>, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let product = match product {
                    None => None,
                    Some(code) => Some(of_code(tx, &code).await?.id),
                };
                let mut list = Vec::new();
                for release in tx.releases(product, after, limit).await? {
                    list.push(this.view_of(tx, &release).await?);
                }
                Ok(list)
            })
        })
        .await
    }

    /// One release.
    pub async fn show_release(&self, id: Uuid) -> Result<distribution::Release, AuthorityError> {
        self.read(move |this, tx| Box::pin(async move { this.release_view(tx, id).await })).await
    }

    pub(crate) async fn release_view(
        &self,
        tx: &mut dyn Transaction,
        id: Uuid,
    ) -> Result<distribution::Release, AuthorityError> {
        let release = tx.release_by_id(id).await?.ok_or_else(|| missing(id))?;
        self.view_of(tx, &release).await
    }

    async fn view_of(
        &self,
        tx: &mut dyn Transaction,
        release: &Release,
    ) -> Result<distribution::Release, AuthorityError> {
        let product = tx.product(release.product_id).await?.ok_or_else(|| missing(release.id))?;
        let artifacts = tx.artifacts(release.id).await?;
        Ok(view(release, &product.code, &artifacts))
    }
}

pub(crate) fn view(
    release: &Release,
    product: &str,
    artifacts: &[Artifact],
) -> distribution::Release {
    distribution::Release {
        id: release.id,
        product: product.to_owned(),
        version: release.version.clone(),
        channel: release.channel.clone(),
        state: release.state.to_string(),
        notes: release.notes.clone(),
        reason: release.reason.clone(),
        created_at: timestamp(release.created_at),
        published_at: release.published_at.map(timestamp),
        artifacts: artifacts.iter().map(artifact_view).collect(),
    }
}

/// A file as operators and customers see it.
#[must_use]
pub fn artifact_view(artifact: &Artifact) -> distribution::Artifact {
    distribution::Artifact {
        id: artifact.id,
        name: artifact.name.clone(),
        platform: artifact.platform.clone(),
        size: artifact.size,
        sha256: hex(&artifact.sha256),
        signature: artifact.signature.clone(),
        personalize: artifact.personalize.clone(),
        requires_python: artifact.requires_python.clone(),
        stored_at: artifact.stored_at.map(timestamp),
    }
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "release", name: id.to_string() }
}

pub(crate) fn subject(id: Uuid) -> String {
    format!("release:{id}")
}
