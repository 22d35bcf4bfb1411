//! Idempotency keys.

use async_trait::async_trait;
use licentia_model::IdempotencyKey;
use licentia_storage::Result;
use licentia_storage::idempotency_keys::IdempotencyKeys;
use rusqlite::params;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    PUT = "
        INSERT INTO idempotency_keys (scope, request, result, at, answer) VALUES (?1, ?2, ?3, ?4, ?5)
        ON CONFLICT (scope) DO UPDATE
        SET request = excluded.request, result = excluded.result, at = excluded.at, answer = excluded.answer";
    BY_SCOPE = "SELECT * FROM idempotency_keys WHERE scope = ?1";
    PRUNE = "DELETE FROM idempotency_keys WHERE at < ?1";
}

#[async_trait]
impl IdempotencyKeys for SqliteTransaction {
    async fn lock_idempotency_key(&mut self, _: &[u8; 32]) -> Result<()> {
        // Nothing to lock: see `lock_license`.
        self.writable()
    }

    async fn put_idempotency_key(&mut self, key: &IdempotencyKey) -> Result<()> {
        let params = params![key.scope, key.request, key.result.to_string(), key.at, key.answer];
        self.write_one("idempotency key", PUT, params)
    }

    async fn idempotency_key(&mut self, scope: &[u8; 32]) -> Result<Option<IdempotencyKey>> {
        self.one("idempotency_keys", BY_SCOPE, params![scope], idempotency_key)
    }

    async fn prune_idempotency_keys(&mut self, before: i64) -> Result<u64> {
        self.write(PRUNE, params![before])
    }
}

fn idempotency_key(row: &Columns<'_>) -> Result<IdempotencyKey> {
    Ok(IdempotencyKey {
        scope: row.hash("scope")?,
        request: row.hash("request")?,
        result: row.uuid("result")?,
        at: row.plain("at")?,
        answer: row.plain("answer")?,
    })
}
