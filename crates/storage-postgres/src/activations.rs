//! Activations.

use crate::params;
use async_trait::async_trait;
use licentia_model::Activation;
use licentia_storage::activations::Activations;
use licentia_storage::{Place, Result, StorageError, end_of_prefix};
use uuid::Uuid;

use crate::columns::{Columns, json};
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO activations (id, hostname, addresses, fingerprint, email, organization,
                                 terms_accepted_at, artifacts_digest, activated_at, license_id, cluster_id,
                                 salt, created_at, record, carried)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    UPDATE = "
        UPDATE activations
        SET hostname = $2, addresses = $3, fingerprint = $4, email = $5, organization = $6,
            terms_accepted_at = $7, artifacts_digest = $8, activated_at = $9, record = $10,
            carried = $11
        WHERE id = $1";
    BY_ID = "SELECT * FROM activations WHERE id = $1";
    OF_CLUSTER = "SELECT * FROM activations WHERE license_id = $1 AND cluster_id = $2";
    OLDEST_OF_LICENSE = "
        SELECT * FROM activations WHERE license_id = $1 AND (created_at, id) > ($2, $3)
        ORDER BY created_at, id LIMIT $4";
    NEWEST_OF_LICENSE = "
        SELECT * FROM activations WHERE license_id = $1 AND (created_at, id) < ($2, $3)
        ORDER BY created_at DESC, id DESC LIMIT $4";
    OLDEST = "
        SELECT * FROM activations WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3";
    NEWEST = "
        SELECT * FROM activations WHERE (created_at, id) < ($1, $2)
        ORDER BY created_at DESC, id DESC LIMIT $3";
    FIND = "
        SELECT * FROM activations
        WHERE (cluster_id, id) > ($1, $2) AND cluster_id < $3 ORDER BY cluster_id, id LIMIT $4";
    FIRST = "
        SELECT * FROM activations
        WHERE license_id = $1 AND cluster_id >= $2 AND cluster_id < $3 ORDER BY cluster_id LIMIT 1";
    INSERT_TAKEOVER = "INSERT INTO takeovers (activation_id, at) VALUES ($1, $2)";
    DROP_TAKEOVERS = "DELETE FROM takeovers WHERE activation_id = $1 AND at < $2";
    COUNT_TAKEOVERS = "SELECT count(*) FROM takeovers WHERE activation_id = $1 AND at >= $2";
}

#[async_trait]
impl Activations for PostgresTransaction {
    async fn insert_activation(&mut self, activation: &Activation) -> Result<()> {
        let params = params![
            activation.id,
            activation.hostname,
            json(&activation.addresses)?,
            activation.fingerprint,
            activation.email,
            activation.organization,
            activation.terms_accepted_at,
            activation.artifacts_digest,
            activation.activated_at,
            activation.license_id,
            activation.cluster_id,
            activation.salt,
            activation.created_at,
            activation.record,
            activation.carried,
        ];
        self.write_one("activation", INSERT, params).await
    }

    async fn update_activation(&mut self, activation: &Activation) -> Result<()> {
        let params = params![
            activation.id,
            activation.hostname,
            json(&activation.addresses)?,
            activation.fingerprint,
            activation.email,
            activation.organization,
            activation.terms_accepted_at,
            activation.artifacts_digest,
            activation.activated_at,
            activation.record,
            activation.carried,
        ];
        self.write_one("activation", UPDATE, params).await
    }

    async fn activation(&mut self, id: Uuid) -> Result<Option<Activation>> {
        self.one("activations", BY_ID, params![id], activation).await
    }

    async fn activation_of_cluster(
        &mut self,
        license_id: Uuid,
        cluster_id: &str,
    ) -> Result<Option<Activation>> {
        self.one("activations", OF_CLUSTER, params![license_id, cluster_id], activation).await
    }

    async fn walk_activations(
        &mut self,
        license_id: Option<Uuid>,
        descending: bool,
        after: Place,
        limit: u32,
    ) -> Result<Vec<Activation>> {
        let (at, id) = (after.at, after.id);
        if let Some(license) = license_id {
            let sql = if descending { NEWEST_OF_LICENSE } else { OLDEST_OF_LICENSE };
            let params = params![license, at, id, limit];
            return self.all("activations", sql, params, activation).await;
        }
        let sql = if descending { NEWEST } else { OLDEST };
        self.all("activations", sql, params![at, id, limit], activation).await
    }

    async fn find_clusters(
        &mut self,
        prefix: &str,
        after: Option<(&str, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Activation>> {
        let (cluster, id) = after.unwrap_or((prefix, Uuid::nil()));
        let params = params![cluster, id, end_of_prefix(prefix), limit];
        self.all("activations", FIND, params, activation).await
    }

    async fn first_cluster(&mut self, license_id: Uuid, prefix: &str) -> Result<Option<Uuid>> {
        let params = params![license_id, prefix, end_of_prefix(prefix)];
        let first = self.one("activations", FIRST, params, activation).await?;
        Ok(first.map(|first| first.id))
    }

    async fn insert_takeover(&mut self, activation_id: Uuid, at: i64) -> Result<()> {
        self.write_one("takeover", INSERT_TAKEOVER, params![activation_id, at]).await
    }

    async fn takeovers_since(&mut self, activation_id: Uuid, since: i64) -> Result<u32> {
        let params = params![activation_id, since];
        self.write(DROP_TAKEOVERS, params).await?;
        let count = self.integer(COUNT_TAKEOVERS, params).await?;
        u32::try_from(count).map_err(|_| StorageError::Internal(format!("{count} take-overs")))
    }
}

fn activation(row: &Columns<'_>) -> Result<Activation> {
    Ok(Activation {
        id: row.uuid("id")?,
        license_id: row.uuid("license_id")?,
        cluster_id: row.plain("cluster_id")?,
        hostname: row.plain("hostname")?,
        addresses: row.json("addresses")?,
        fingerprint: row.plain("fingerprint")?,
        email: row.plain("email")?,
        organization: row.plain("organization")?,
        terms_accepted_at: row.plain("terms_accepted_at")?,
        artifacts_digest: row.plain("artifacts_digest")?,
        salt: row.plain("salt")?,
        record: row.optional("record", Columns::uuid)?,
        carried: row.plain("carried")?,
        created_at: row.plain("created_at")?,
        activated_at: row.plain("activated_at")?,
    })
}
