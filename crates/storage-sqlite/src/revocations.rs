//! Revocations by key id, and published lists.

use async_trait::async_trait;
use licentia_model::{PublishedList, Revocation};
use licentia_storage::Result;
use licentia_storage::revocations::Revocations;
use rusqlite::params;
use uuid::Uuid;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    BY_KEY_ID = "SELECT * FROM revocations WHERE key_id = ?1";
    PUT = "
        INSERT INTO revocations (key_id, revoked_at, reason, comment, grace_until, source, missing_since,
                                 lifted_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
        ON CONFLICT (key_id) DO UPDATE
        SET revoked_at = excluded.revoked_at, reason = excluded.reason, comment = excluded.comment,
            grace_until = excluded.grace_until, source = excluded.source,
            missing_since = excluded.missing_since, lifted_at = excluded.lifted_at";
    AFTER = "SELECT * FROM revocations WHERE key_id > ?1 ORDER BY key_id LIMIT ?2";
    VOIDED = "
        SELECT jti, voided_at FROM license_keys WHERE voided_at IS NOT NULL AND jti > ?1
        ORDER BY jti LIMIT ?2";
    LIST = "SELECT * FROM published_lists WHERE name = ?1";
    MARK = "SELECT name, seq, signed_at, expires_at FROM published_lists WHERE name = ?1";
    FIRST = "
        INSERT INTO published_lists (name, seq, signed_at, expires_at, document)
        VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (name) DO NOTHING";
    NEXT = "
        UPDATE published_lists SET seq = ?2, signed_at = ?3, expires_at = ?4, document = ?5
        WHERE name = ?1 AND seq = ?6";
}

#[async_trait]
impl Revocations for SqliteTransaction {
    async fn revocation(&mut self, key_id: &str) -> Result<Option<Revocation>> {
        self.one("revocations", BY_KEY_ID, params![key_id], revocation)
    }

    async fn put_revocation(&mut self, revocation: &Revocation) -> Result<()> {
        let params = params![
            revocation.key_id,
            revocation.at,
            revocation.reason,
            revocation.comment,
            revocation.grace_until,
            revocation.source.as_str(),
            revocation.missing_since,
            revocation.lifted_at,
        ];
        self.write_one("revocation", PUT, params)
    }

    async fn revocations_after(&mut self, key_id: &str, limit: u32) -> Result<Vec<Revocation>> {
        self.all("revocations", AFTER, params![key_id, limit], revocation)
    }

    async fn voided_keys_after(&mut self, jti: Uuid, limit: u32) -> Result<Vec<(Uuid, i64)>> {
        self.all("license_keys", VOIDED, params![jti.to_string(), limit], |row| {
            Ok((row.uuid("jti")?, row.plain("voided_at")?))
        })
    }

    async fn published_list(&mut self, name: &str) -> Result<Option<PublishedList>> {
        self.one("published_lists", LIST, params![name], |row| {
            Ok(PublishedList {
                seq: row.number("seq")?,
                signed_at: row.plain("signed_at")?,
                expires_at: row.plain("expires_at")?,
                document: row.plain("document")?,
            })
        })
    }

    async fn published_mark(&mut self, name: &str) -> Result<Option<(u64, i64, i64)>> {
        self.one("published_lists", MARK, params![name], |row| {
            Ok((row.number("seq")?, row.plain("signed_at")?, row.plain("expires_at")?))
        })
    }

    async fn publish_list(
        &mut self,
        name: &str,
        former: Option<u64>,
        list: &PublishedList,
    ) -> Result<bool> {
        let (seq, signed_at, expires_at) = (signed(list.seq)?, list.signed_at, list.expires_at);
        let written = match former {
            None => self.write(FIRST, params![name, seq, signed_at, expires_at, list.document])?,
            Some(former) => {
                let former = signed(former)?;
                let params = params![name, seq, signed_at, expires_at, list.document, former];
                self.write(NEXT, params)?
            }
        };
        Ok(written == 1)
    }
}

fn revocation(row: &Columns<'_>) -> Result<Revocation> {
    Ok(Revocation {
        key_id: row.plain("key_id")?,
        at: row.plain("revoked_at")?,
        reason: row.plain("reason")?,
        comment: row.plain("comment")?,
        grace_until: row.plain("grace_until")?,
        source: row.word("source")?,
        missing_since: row.plain("missing_since")?,
        lifted_at: row.plain("lifted_at")?,
    })
}
