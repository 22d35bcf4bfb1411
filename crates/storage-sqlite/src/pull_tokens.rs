//! Pull tokens.

use async_trait::async_trait;
use licentia_model::PullToken;
use licentia_storage::Result;
use licentia_storage::pull_tokens::PullTokens;
use rusqlite::params;
use uuid::Uuid;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    INSERT = "
        INSERT INTO pull_tokens (id, license_id, name, prefix, hash, created_at, expires_at, revoked_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    UPDATE = "UPDATE pull_tokens SET prefix = ?2, hash = ?3, revoked_at = ?4 WHERE id = ?1";
    BY_HASH = "SELECT * FROM pull_tokens WHERE hash = ?1";
    BY_ID = "SELECT * FROM pull_tokens WHERE id = ?1";
    OF_LICENSE = "
        SELECT * FROM pull_tokens WHERE license_id = ?1 AND (created_at, id) < (?2, ?3)
        ORDER BY created_at DESC, id DESC LIMIT ?4";
}

#[async_trait]
impl PullTokens for SqliteTransaction {
    async fn insert_pull_token(&mut self, token: &PullToken) -> Result<()> {
        let params = params![
            token.id.to_string(),
            token.license_id.to_string(),
            token.name,
            token.prefix,
            token.hash,
            token.created_at,
            token.expires_at,
            token.revoked_at,
        ];
        self.write_one("pull token", INSERT, params)
    }

    async fn update_pull_token(&mut self, token: &PullToken) -> Result<()> {
        let params = params![token.id.to_string(), token.prefix, token.hash, token.revoked_at];
        self.write_one("pull token", UPDATE, params)
    }

    async fn pull_token(&mut self, hash: &[u8; 32]) -> Result<Option<PullToken>> {
        self.one("pull_tokens", BY_HASH, params![hash], pull_token)
    }

    async fn pull_token_by_id(&mut self, id: Uuid) -> Result<Option<PullToken>> {
        self.one("pull_tokens", BY_ID, params![id.to_string()], pull_token)
    }

    async fn pull_tokens(
        &mut self,
        license_id: Uuid,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<PullToken>> {
        let (before, before_id) = match after {
            None => (i64::MAX, Uuid::nil()),
            Some(after) => match self.pull_token_by_id(after).await? {
                None => return Ok(Vec::new()),
                Some(last) => (last.created_at, last.id),
            },
        };
        let params = params![license_id.to_string(), before, before_id.to_string(), limit];
        self.all("pull_tokens", OF_LICENSE, params, pull_token)
    }
}

fn pull_token(row: &Columns<'_>) -> Result<PullToken> {
    Ok(PullToken {
        id: row.uuid("id")?,
        license_id: row.uuid("license_id")?,
        name: row.plain("name")?,
        prefix: row.plain("prefix")?,
        hash: row.hash("hash")?,
        created_at: row.plain("created_at")?,
        expires_at: row.plain("expires_at")?,
        revoked_at: row.plain("revoked_at")?,
    })
}
