//! API tokens.

use crate::params;
use async_trait::async_trait;
use licentia_model::ApiToken;
use licentia_storage::Result;
use licentia_storage::api_tokens::ApiTokens;
use uuid::Uuid;

use crate::columns::{Columns, json};
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO api_tokens
            (id, operator_id, name, prefix, hash, scopes, created_at, expires_at, last_used_at, revoked_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    UPDATE = "UPDATE api_tokens SET prefix = $2, hash = $3, revoked_at = $4 WHERE id = $1";
    BY_HASH = "SELECT * FROM api_tokens WHERE hash = $1";
    BY_ID = "SELECT * FROM api_tokens WHERE id = $1";
    OF_OPERATOR = "
        SELECT * FROM api_tokens WHERE operator_id = $1 AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4";
    ALL = "
        SELECT * FROM api_tokens WHERE (created_at, id) < ($1, $2)
        ORDER BY created_at DESC, id DESC LIMIT $3";
    TOUCH = "
        UPDATE api_tokens SET last_used_at = $2
        WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)";
    DELETE = "DELETE FROM api_tokens WHERE operator_id = $1";
}

#[async_trait]
impl ApiTokens for PostgresTransaction {
    async fn insert_api_token(&mut self, token: &ApiToken) -> Result<()> {
        let params = params![
            token.id,
            token.operator_id,
            token.name,
            token.prefix,
            token.hash,
            json(&token.scopes)?,
            token.created_at,
            token.expires_at,
            token.last_used_at,
            token.revoked_at,
        ];
        self.write_one("API token", INSERT, params).await
    }

    async fn update_api_token(&mut self, token: &ApiToken) -> Result<()> {
        let params = params![token.id, token.prefix, token.hash, token.revoked_at];
        self.write_one("API token", UPDATE, params).await
    }

    async fn api_token(&mut self, hash: &[u8; 32]) -> Result<Option<ApiToken>> {
        self.one("api_tokens", BY_HASH, params![hash], api_token).await
    }

    async fn api_token_by_id(&mut self, id: Uuid) -> Result<Option<ApiToken>> {
        self.one("api_tokens", BY_ID, params![id], api_token).await
    }

    async fn api_tokens(
        &mut self,
        operator_id: Option<Uuid>,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<ApiToken>> {
        // As with licences: a page begins below the last one's end.
        let (before, before_id) = match after {
            None => (i64::MAX, Uuid::nil()),
            Some(after) => match self.api_token_by_id(after).await? {
                None => return Ok(Vec::new()),
                Some(last) => (last.created_at, last.id),
            },
        };
        match operator_id {
            Some(id) => {
                let params = params![id, before, before_id, limit];
                self.all("api_tokens", OF_OPERATOR, params, api_token).await
            }
            None => {
                let params = params![before, before_id, limit];
                self.all("api_tokens", ALL, params, api_token).await
            }
        }
    }

    async fn touch_api_token(&mut self, id: Uuid, at: i64) -> Result<bool> {
        Ok(self.write(TOUCH, params![id, at]).await? == 1)
    }

    async fn delete_api_tokens(&mut self, operator_id: Uuid) -> Result<u64> {
        self.write(DELETE, params![operator_id]).await
    }
}

fn api_token(row: &Columns<'_>) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.uuid("id")?,
        operator_id: row.uuid("operator_id")?,
        name: row.plain("name")?,
        prefix: row.plain("prefix")?,
        hash: row.hash("hash")?,
        scopes: row.json("scopes")?,
        created_at: row.plain("created_at")?,
        expires_at: row.plain("expires_at")?,
        last_used_at: row.plain("last_used_at")?,
        revoked_at: row.plain("revoked_at")?,
    })
}
