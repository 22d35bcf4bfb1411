//! Forgetting a person.

use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::erasure::Erasure;
use rusqlite::params;
use uuid::Uuid;

use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    AUDIT = "
        DELETE FROM audit_secrets WHERE seq IN (SELECT seq FROM audit WHERE subject = ?1)";
    ACTIVATIONS = "
        UPDATE activations
        SET cluster_id = 'erased-' || id, hostname = NULL, addresses = '[]', fingerprint = NULL,
            email = NULL, organization = NULL
        WHERE license_id = ?1";
    KEYS = "
        UPDATE license_keys SET sealed = NULL
        WHERE license_id = ?1 AND jti <> ?2 AND sealed IS NOT NULL";
    MESSAGES = "UPDATE outbox SET sealed = NULL WHERE license_id = ?1";
    JOBS = "DELETE FROM jobs WHERE license_id = ?1 AND (kind = ?2 OR state <> 'waiting')";
    JOBS_KNOWN_BY = "DELETE FROM jobs WHERE once >= ?1 AND once < ?1 || char(0x10ffff)";
}

#[async_trait]
impl Erasure for SqliteTransaction {
    async fn erase_audit_values(&mut self, subject: &str) -> Result<u64> {
        self.write(AUDIT, params![subject])
    }

    async fn erase_activations(&mut self, license_id: Uuid) -> Result<u64> {
        self.write(ACTIVATIONS, params![license_id.to_string()])
    }

    async fn erase_license_keys(&mut self, license_id: Uuid, except: Uuid) -> Result<u64> {
        self.write(KEYS, params![license_id.to_string(), except.to_string()])
    }

    async fn erase_jobs(&mut self, license_id: Uuid, kind: &str) -> Result<u64> {
        self.write(MESSAGES, params![license_id.to_string()])?;
        self.write(JOBS, params![license_id.to_string(), kind])
    }

    async fn erase_jobs_known_by(&mut self, beginning: &str) -> Result<u64> {
        self.write(JOBS_KNOWN_BY, params![beginning])
    }
}
