//! Keys of licences.

use async_trait::async_trait;
use licentia_model::LicenseKey;
use licentia_storage::Result;
use licentia_storage::license_keys::LicenseKeys;
use rusqlite::params;
use uuid::Uuid;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    INSERT = "
        INSERT INTO license_keys (jti, license_id, scheme, kid, sealed, issued_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    BY_JTI = "SELECT * FROM license_keys WHERE jti = ?1";
}

#[async_trait]
impl LicenseKeys for SqliteTransaction {
    async fn insert_license_key(&mut self, key: &LicenseKey) -> Result<()> {
        let params = params![
            key.jti.to_string(),
            key.license_id.to_string(),
            key.scheme.as_str(),
            key.kid,
            key.sealed,
            key.issued_at,
        ];
        self.write_one("key", INSERT, params)
    }

    async fn license_key(&mut self, jti: Uuid) -> Result<Option<LicenseKey>> {
        self.one("license_keys", BY_JTI, params![jti.to_string()], license_key)
    }
}

fn license_key(row: &Columns<'_>) -> Result<LicenseKey> {
    Ok(LicenseKey {
        jti: row.uuid("jti")?,
        license_id: row.uuid("license_id")?,
        scheme: row.word("scheme")?,
        kid: row.plain("kid")?,
        sealed: row.plain("sealed")?,
        issued_at: row.plain("issued_at")?,
    })
}
