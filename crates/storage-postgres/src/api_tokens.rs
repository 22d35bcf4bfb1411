//! API tokens.

use crate::params;
use async_trait::async_trait;
use licentia_model::ApiToken;
use licentia_storage::Result;
use licentia_storage::api_tokens::ApiTokens;

use crate::columns::{Columns, json};
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO api_tokens (id, operator_id, name, hash, scopes, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    BY_HASH = "SELECT * FROM api_tokens WHERE hash = $1";
}

#[async_trait]
impl ApiTokens for PostgresTransaction {
    async fn insert_api_token(&mut self, token: &ApiToken) -> Result<()> {
        let params = params![
            token.id,
            token.operator_id,
            token.name,
            token.hash,
            json(&token.scopes)?,
            token.created_at,
            token.expires_at,
        ];
        self.write_one("API token", INSERT, params).await
    }

    async fn api_token(&mut self, hash: &[u8; 32]) -> Result<Option<ApiToken>> {
        self.one("api_tokens", BY_HASH, params![hash], api_token).await
    }
}

fn api_token(row: &Columns<'_>) -> Result<ApiToken> {
    Ok(ApiToken {
        id: row.uuid("id")?,
        operator_id: row.uuid("operator_id")?,
        name: row.plain("name")?,
        hash: row.hash("hash")?,
        scopes: row.json("scopes")?,
        created_at: row.plain("created_at")?,
        expires_at: row.plain("expires_at")?,
    })
}
