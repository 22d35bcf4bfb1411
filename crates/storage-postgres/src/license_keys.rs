//! Keys of licences.

use crate::params;
use async_trait::async_trait;
use licentia_model::LicenseKey;
use licentia_storage::Result;
use licentia_storage::license_keys::LicenseKeys;
use uuid::Uuid;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO license_keys (jti, license_id, scheme, kid, sealed, lookup, issued_at, voided_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    BY_JTI = "SELECT * FROM license_keys WHERE jti = $1";
    BY_LOOKUP = "SELECT * FROM license_keys WHERE lookup = $1";
    OF_LICENSE = "SELECT * FROM license_keys WHERE license_id = $1 ORDER BY jti";
    VOID = "
        UPDATE license_keys SET voided_at = $2
        WHERE license_id = $1 AND jti NOT IN ($3, $4) AND voided_at IS NULL";
    VOID_ONE = "UPDATE license_keys SET voided_at = $2 WHERE jti = $1 AND voided_at IS NULL";
    SIGNED_BY = "
        SELECT DISTINCT k.license_id FROM license_keys k JOIN licenses l ON l.id = k.license_id
        WHERE k.kid = $1 AND ($2::uuid IS NULL OR k.license_id > $2) AND k.jti IN (l.jti, l.key_jti) AND l.state <> 'revoked'
          AND (l.expires_at IS NULL OR l.expires_at > $3)
        ORDER BY k.license_id LIMIT $4";
}

#[async_trait]
impl LicenseKeys for PostgresTransaction {
    async fn insert_license_key(&mut self, key: &LicenseKey) -> Result<()> {
        let params = params![
            key.jti,
            key.license_id,
            key.scheme.as_str(),
            key.kid,
            key.sealed,
            key.lookup,
            key.issued_at,
            key.voided_at,
        ];
        self.write_one("key", INSERT, params).await
    }

    async fn license_key(&mut self, jti: Uuid) -> Result<Option<LicenseKey>> {
        self.one("license_keys", BY_JTI, params![jti], license_key).await
    }

    async fn license_key_by_lookup(&mut self, lookup: &[u8; 32]) -> Result<Option<LicenseKey>> {
        self.one("license_keys", BY_LOOKUP, params![lookup], license_key).await
    }

    async fn licenses_signed_by(
        &mut self,
        kid: &str,
        now: i64,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Uuid>> {
        self.all("license_keys", SIGNED_BY, params![kid, after, now, limit], |row| {
            row.uuid("license_id")
        })
        .await
    }

    async fn license_keys(&mut self, license_id: Uuid) -> Result<Vec<LicenseKey>> {
        self.all("license_keys", OF_LICENSE, params![license_id], license_key).await
    }

    async fn void_license_keys(
        &mut self,
        license_id: Uuid,
        except: [Uuid; 2],
        at: i64,
    ) -> Result<u64> {
        let [one, other] = except;
        self.write(VOID, params![license_id, at, one, other]).await
    }

    async fn void_license_key(&mut self, jti: Uuid, at: i64) -> Result<bool> {
        Ok(self.write(VOID_ONE, params![jti, at]).await? == 1)
    }
}

fn license_key(row: &Columns<'_>) -> Result<LicenseKey> {
    Ok(LicenseKey {
        jti: row.uuid("jti")?,
        license_id: row.uuid("license_id")?,
        scheme: row.word("scheme")?,
        kid: row.plain("kid")?,
        sealed: row.plain("sealed")?,
        lookup: row.optional("lookup", Columns::hash)?,
        issued_at: row.plain("issued_at")?,
        voided_at: row.plain("voided_at")?,
    })
}
