//! Signing keys.

use crate::params;
use async_trait::async_trait;
use licentia_model::SigningKey;
use licentia_storage::Result;
use licentia_storage::signing_keys::SigningKeys;
use serde_json::Value;

use crate::columns::{Columns, json};
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO signing_keys (kid, purposes, state, public_pem, sealed, not_before, not_after, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    UPDATE = "UPDATE signing_keys SET state = $2, not_before = $3, not_after = $4 WHERE kid = $1";
    ALL = "SELECT * FROM signing_keys ORDER BY created_at, kid";
}

#[async_trait]
impl SigningKeys for PostgresTransaction {
    async fn insert_signing_key(&mut self, key: &SigningKey) -> Result<()> {
        let params = params![
            key.kid,
            json(&key.purposes)?,
            key.state.as_str(),
            key.public_pem,
            key.sealed,
            key.not_before,
            key.not_after,
            key.created_at,
        ];
        self.write_one("signing key", INSERT, params).await
    }

    async fn update_signing_key(&mut self, key: &SigningKey) -> Result<()> {
        let params = params![key.kid, key.state.as_str(), key.not_before, key.not_after];
        self.write_one("signing key", UPDATE, params).await
    }

    async fn signing_keys(&mut self) -> Result<Vec<SigningKey>> {
        self.all("signing_keys", ALL, &[], signing_key).await
    }
}

fn signing_key(row: &Columns<'_>) -> Result<SigningKey> {
    let state = row.plain::<String>("state")?;
    let key = SigningKey {
        kid: row.plain("kid")?,
        purposes: row.json("purposes")?,
        state: serde_json::from_value(Value::from(state.as_str()))
            .map_err(|_| row.corrupt("state"))?,
        public_pem: row.plain("public_pem")?,
        sealed: row.plain("sealed")?,
        not_before: row.plain("not_before")?,
        not_after: row.plain("not_after")?,
        created_at: row.plain("created_at")?,
    };
    // In a document an unknown state or purpose is one of a later version; here it is damage.
    if key.state.as_str() != state {
        return Err(row.corrupt("state"));
    }
    if json(&key.purposes)? != row.plain::<String>("purposes")? {
        return Err(row.corrupt("purposes"));
    }
    Ok(key)
}
