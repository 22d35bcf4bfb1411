//! The audit trail.

use async_trait::async_trait;
use licentia_model::AuditRow;
use licentia_model::audit::AuditSecret;
use licentia_storage::Result;
use licentia_storage::audit::{Audit, AuditFilter};
use rusqlite::params;

use crate::columns::{Columns, signed};
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    HEAD = "SELECT * FROM audit ORDER BY seq DESC LIMIT 1";
    APPEND = "
        INSERT INTO audit (seq, at_micros, actor, origin, action, subject, details, previous, hash)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    APPEND_SECRET = "INSERT INTO audit_secrets (seq, field, salt, value) VALUES (?1, ?2, ?3, ?4)";
    AFTER = "SELECT * FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";
    // Each walks its index from its end; the history of one thing is short, so the other filters go along.
    OF_SUBJECT = "
        SELECT * FROM audit
        WHERE subject = ?1 AND seq < ?2 AND (?3 IS NULL OR actor = ?3) AND (?4 IS NULL OR action = ?4)
          AND at_micros >= ?5 AND at_micros < ?6
        ORDER BY seq DESC LIMIT ?7";
    NEWEST = "
        SELECT * FROM audit
        WHERE ?1 IS NULL AND seq < ?2 AND (?3 IS NULL OR actor = ?3) AND (?4 IS NULL OR action = ?4)
          AND at_micros >= ?5 AND at_micros < ?6
        ORDER BY seq DESC LIMIT ?7";
    SECRETS = "SELECT * FROM audit_secrets WHERE seq = ?1 ORDER BY field";
}

#[async_trait]
impl Audit for SqliteTransaction {
    async fn lock_audit_head(&mut self) -> Result<Option<AuditRow>> {
        // Nothing to lock: see `lock_license`.
        self.writable()?;
        self.one("audit", HEAD, [], audit_row)
    }

    async fn append_audit(&mut self, row: &AuditRow, secrets: &[AuditSecret]) -> Result<()> {
        let params = params![
            signed(row.seq)?,
            row.at_micros,
            row.actor,
            row.origin,
            row.action,
            row.subject,
            row.details,
            row.previous,
            row.hash,
        ];
        self.write_one("audit row", APPEND, params)?;
        for secret in secrets {
            let params = params![signed(secret.seq)?, secret.field, secret.salt, secret.value];
            self.write_one("audit row", APPEND_SECRET, params)?;
        }
        Ok(())
    }

    async fn audit_rows(&mut self, after: u64, limit: u32) -> Result<Vec<AuditRow>> {
        self.all("audit", AFTER, params![signed(after)?, limit], audit_row)
    }

    async fn last_audit_row(&mut self) -> Result<Option<AuditRow>> {
        self.one("audit", HEAD, params![], audit_row)
    }

    async fn audit_page(&mut self, filter: &AuditFilter) -> Result<Vec<AuditRow>> {
        let sql = if filter.subject.is_some() { OF_SUBJECT } else { NEWEST };
        let before = match filter.before {
            Some(before) => signed(before)?,
            None => i64::MAX,
        };
        let params = params![
            filter.subject,
            before,
            filter.actor,
            filter.action,
            filter.since,
            filter.until,
            filter.limit,
        ];
        self.all("audit", sql, params, audit_row)
    }

    async fn audit_secrets(&mut self, seq: u64) -> Result<Vec<AuditSecret>> {
        self.all("audit_secrets", SECRETS, params![signed(seq)?], audit_secret)
    }
}

fn audit_row(row: &Columns<'_>) -> Result<AuditRow> {
    Ok(AuditRow {
        seq: row.number("seq")?,
        at_micros: row.plain("at_micros")?,
        actor: row.plain("actor")?,
        origin: row.plain("origin")?,
        action: row.plain("action")?,
        subject: row.plain("subject")?,
        details: row.plain("details")?,
        previous: row.hash("previous")?,
        hash: row.hash("hash")?,
    })
}

fn audit_secret(row: &Columns<'_>) -> Result<AuditSecret> {
    Ok(AuditSecret {
        seq: row.number("seq")?,
        field: row.plain("field")?,
        salt: row.plain("salt")?,
        value: row.plain("value")?,
    })
}
