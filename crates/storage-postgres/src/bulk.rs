//! Many licences at once: a statement a table, whatever their number.

use async_trait::async_trait;
use licentia_storage::bulk::{Bulk, Issued};
use licentia_storage::licenses::Path;
use licentia_storage::{Result, StorageError};

use crate::columns::signed;
use crate::licenses::facts;
use crate::params;
use crate::params::Column;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    LICENSES = "
        INSERT INTO licenses (id, product_id, plan_id, customer_id, state, state_at, state_reason, grace_until,
                              token_version, jti, key_jti, tier, expires_at, trial, ends_at, created_at,
                              updated_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::bigint[],
                             $7::text[], $8::bigint[], $9::bigint[], $10::uuid[], $11::uuid[], $12::text[],
                             $13::bigint[], $14::boolean[], $15::bigint[], $16::bigint[],
                             $17::bigint[])";
    KEYS = "
        INSERT INTO license_keys (jti, license_id, scheme, kid, sealed, lookup, issued_at)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::bytea[],
                             $7::bigint[])";
    AUDIT = "
        INSERT INTO audit (seq, at_micros, actor, origin, action, subject, details, previous, hash)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
                             $7::text[], $8::bytea[], $9::bytea[])";
    SECRETS = "
        INSERT INTO audit_secrets (seq, field, salt, value)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[])";
    OUTBOX = "
        INSERT INTO outbox (license_id, kind, facts, at, attempts, claimed_until, sealed)
        SELECT license_id, kind, facts, at, 0, 0, sealed
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bytea[])
             WITH ORDINALITY AS queued (license_id, kind, facts, at, sealed, place)
        ORDER BY place";
}

#[async_trait]
impl Bulk for PostgresTransaction {
    async fn insert_issued(&mut self, issued: &[Issued]) -> Result<()> {
        let licenses = column(issued, |one| &one.license);
        let versions = licenses.0.iter().map(|license| signed(license.token_version));
        let versions = Column(versions.collect::<Result<Vec<i64>>>()?);
        let params = params![
            column(&licenses.0, |license| license.id),
            column(&licenses.0, |license| license.product_id),
            column(&licenses.0, |license| license.plan_id),
            column(&licenses.0, |license| license.customer_id),
            column(&licenses.0, |license| license.state.as_str()),
            column(&licenses.0, |license| facts(&license.state).0),
            column(&licenses.0, |license| facts(&license.state).1),
            column(&licenses.0, |license| facts(&license.state).2),
            versions,
            column(&licenses.0, |license| license.jti),
            column(&licenses.0, |license| license.key_jti),
            column(&licenses.0, |license| license.tier.as_str()),
            column(&licenses.0, |license| license.expires_at),
            column(&licenses.0, |license| license.trial),
            column(&licenses.0, |license| Path::Ending.place(license).at),
            column(&licenses.0, |license| license.created_at),
            column(&licenses.0, |license| license.updated_at),
        ];
        self.write_all(LICENSES, params, issued.len()).await?;

        let keys: Vec<_> = issued.iter().flat_map(|one| &one.keys).collect();
        let params = params![
            column(&keys, |key| key.jti),
            column(&keys, |key| key.license_id),
            column(&keys, |key| key.scheme.as_str()),
            column(&keys, |key| key.kid.as_deref()),
            column(&keys, |key| key.sealed.as_deref()),
            column(&keys, |key| key.lookup.as_ref().map(<[u8; 32]>::as_slice)),
            column(&keys, |key| key.issued_at),
        ];
        self.write_all(KEYS, params, keys.len()).await?;

        let rows: Vec<_> = issued.iter().map(|one| &one.audit).collect();
        let seqs = rows.iter().map(|row| signed(row.seq)).collect::<Result<Vec<i64>>>()?;
        let params = params![
            Column(seqs),
            column(&rows, |row| row.at_micros),
            column(&rows, |row| row.actor.as_str()),
            column(&rows, |row| row.origin.as_str()),
            column(&rows, |row| row.action.as_str()),
            column(&rows, |row| row.subject.as_str()),
            column(&rows, |row| row.details.as_str()),
            column(&rows, |row| row.previous.as_slice()),
            column(&rows, |row| row.hash.as_slice()),
        ];
        self.write_all(AUDIT, params, rows.len()).await?;

        let secrets: Vec<_> = issued.iter().flat_map(|one| &one.secrets).collect();
        let seqs = secrets.iter().map(|secret| signed(secret.seq)).collect::<Result<Vec<i64>>>()?;
        let params = params![
            Column(seqs),
            column(&secrets, |secret| secret.field.as_str()),
            column(&secrets, |secret| secret.salt.as_slice()),
            column(&secrets, |secret| secret.value.as_str()),
        ];
        self.write_all(SECRETS, params, secrets.len()).await?;

        let params = params![
            column(issued, |one| one.license.id),
            column(issued, |one| one.audit.action.as_str()),
            column(issued, |one| one.facts.as_str()),
            column(issued, |one| one.license.created_at),
            column(issued, |one| one.sealed.as_deref()),
        ];
        self.write_all(OUTBOX, params, issued.len()).await
    }
}

impl PostgresTransaction {
    /// Writes so many rows, or fails.
    pub(crate) async fn write_all(
        &mut self,
        sql: &'static str,
        params: &[params::Param<'_>],
        rows: usize,
    ) -> Result<()> {
        let written = self.write(sql, params).await?;
        if usize::try_from(written) == Ok(rows) {
            return Ok(());
        }
        Err(StorageError::Internal(format!("{written} rows of {rows} were written")))
    }
}

pub(crate) fn column<'a, R, T>(rows: &'a [R], of: impl Fn(&'a R) -> T) -> Column<T> {
    Column(rows.iter().map(of).collect())
}
