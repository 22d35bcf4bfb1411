//! Releases and their artifacts.

use async_trait::async_trait;
use licentia_model::{Artifact, Release, ReleaseState};
use licentia_storage::Result;
use licentia_storage::releases::Releases;
use rusqlite::params;
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    INSERT = "
        INSERT INTO releases
            (id, product_id, version, channel, state, notes, reason, created_at, published_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    UPDATE = "
        UPDATE releases
        SET channel = ?2, state = ?3, notes = ?4, reason = ?5, published_at = ?6, updated_at = ?7
        WHERE id = ?1";
    BY_ID = "SELECT * FROM releases WHERE id = ?1";
    BY_VERSION = "SELECT * FROM releases WHERE product_id = ?1 AND version = ?2";
    OF_PRODUCT = "
        SELECT * FROM releases WHERE product_id = ?1 AND (created_at, id) < (?2, ?3)
        ORDER BY created_at DESC, id DESC LIMIT ?4";
    ALL = "
        SELECT * FROM releases WHERE (created_at, id) < (?1, ?2)
        ORDER BY created_at DESC, id DESC LIMIT ?3";
    PUBLISHED = "
        SELECT * FROM releases WHERE product_id = ?1 AND state = ?2
        ORDER BY published_at DESC, id DESC LIMIT ?3";
    INSERT_ARTIFACT = "
        INSERT INTO artifacts
            (id, release_id, name, platform, size, sha256, signature, personalize, requires_python, created_at,
             stored_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    UPDATE_ARTIFACT = "UPDATE artifacts SET signature = ?2, stored_at = ?3 WHERE id = ?1";
    DELETE_ARTIFACT = "DELETE FROM artifacts WHERE id = ?1";
    ARTIFACT = "SELECT * FROM artifacts WHERE id = ?1";
    ARTIFACTS = "SELECT * FROM artifacts WHERE release_id = ?1 ORDER BY name";
}

#[async_trait]
impl Releases for SqliteTransaction {
    async fn insert_release(&mut self, release: &Release) -> Result<()> {
        let params = params![
            release.id.to_string(),
            release.product_id.to_string(),
            release.version,
            release.channel,
            release.state.as_str(),
            release.notes,
            release.reason,
            release.created_at,
            release.published_at,
            release.updated_at,
        ];
        self.write_one("release", INSERT, params)
    }

    async fn update_release(&mut self, release: &Release) -> Result<()> {
        let params = params![
            release.id.to_string(),
            release.channel,
            release.state.as_str(),
            release.notes,
            release.reason,
            release.published_at,
            release.updated_at,
        ];
        self.write_one("release", UPDATE, params)
    }

    async fn release_by_id(&mut self, id: Uuid) -> Result<Option<Release>> {
        self.one("releases", BY_ID, params![id.to_string()], release)
    }

    async fn release_by_version(
        &mut self,
        product_id: Uuid,
        version: &str,
    ) -> Result<Option<Release>> {
        self.one("releases", BY_VERSION, params![product_id.to_string(), version], release)
    }

    async fn releases(
        &mut self,
        product_id: Option<Uuid>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Release>> {
        let (before, before_id) = match after {
            None => (i64::MAX, Uuid::nil()),
            Some(after) => match self.release_by_id(after).await? {
                None => return Ok(Vec::new()),
                Some(last) => (last.created_at, last.id),
            },
        };
        match product_id {
            Some(id) => {
                let params = params![id.to_string(), before, before_id.to_string(), limit];
                self.all("releases", OF_PRODUCT, params, release)
            }
            None => {
                let params = params![before, before_id.to_string(), limit];
                self.all("releases", ALL, params, release)
            }
        }
    }

    async fn published_releases(&mut self, product_id: Uuid, limit: u32) -> Result<Vec<Release>> {
        let params = params![product_id.to_string(), ReleaseState::Published.as_str(), limit];
        self.all("releases", PUBLISHED, params, release)
    }

    async fn insert_artifact(&mut self, artifact: &Artifact) -> Result<()> {
        let params = params![
            artifact.id.to_string(),
            artifact.release_id.to_string(),
            artifact.name,
            artifact.platform,
            signed(artifact.size)?,
            artifact.sha256,
            artifact.signature,
            artifact.personalize,
            artifact.requires_python,
            artifact.created_at,
            artifact.stored_at,
        ];
        self.write_one("artifact", INSERT_ARTIFACT, params)
    }

    async fn update_artifact(&mut self, artifact: &Artifact) -> Result<()> {
        let params = params![artifact.id.to_string(), artifact.signature, artifact.stored_at];
        self.write_one("artifact", UPDATE_ARTIFACT, params)
    }

    async fn delete_artifact(&mut self, id: Uuid) -> Result<()> {
        self.write_one("artifact", DELETE_ARTIFACT, params![id.to_string()])
    }

    async fn artifact(&mut self, id: Uuid) -> Result<Option<Artifact>> {
        self.one("artifacts", ARTIFACT, params![id.to_string()], artifact)
    }

    async fn artifacts(&mut self, release_id: Uuid) -> Result<Vec<Artifact>> {
        self.all("artifacts", ARTIFACTS, params![release_id.to_string()], artifact)
    }
}

fn release(row: &Columns<'_>) -> Result<Release> {
    Ok(Release {
        id: row.uuid("id")?,
        product_id: row.uuid("product_id")?,
        version: row.plain("version")?,
        channel: row.plain("channel")?,
        state: row.word("state")?,
        notes: row.plain("notes")?,
        reason: row.plain("reason")?,
        created_at: row.plain("created_at")?,
        published_at: row.plain("published_at")?,
        updated_at: row.plain("updated_at")?,
    })
}

fn artifact(row: &Columns<'_>) -> Result<Artifact> {
    Ok(Artifact {
        id: row.uuid("id")?,
        release_id: row.uuid("release_id")?,
        name: row.plain("name")?,
        platform: row.plain("platform")?,
        size: row.number("size")?,
        sha256: row.hash("sha256")?,
        signature: row.plain("signature")?,
        personalize: row.plain("personalize")?,
        requires_python: row.plain("requires_python")?,
        created_at: row.plain("created_at")?,
        stored_at: row.plain("stored_at")?,
    })
}
