//! The keys of a licence: every issue and re-issue makes one.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use super::list::missing;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::seats::timestamp;

/// Keys that are shown; a licence that was re-issued more often shows the newest.
const SHOWN: usize = 50;

/// A key of a licence, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Key {
    /// What a revocation names.
    pub id: Uuid,
    /// Its scheme.
    pub scheme: String,
    /// The signing key, where one signed it.
    pub signed_by: Option<String>,
    /// When.
    pub issued_at: Timestamp,
    /// Since when it counts no more.
    pub voided_at: Option<Timestamp>,
    /// Whether it is the signed record in force, or the customer's key.
    pub in_force: bool,
}

impl Authority {
    /// Keys of a licence, newest first.
    pub async fn license_keys(&self, id: Uuid) -> Result<Vec<Key>, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let license = tx.license(id).await?.ok_or_else(|| missing(id))?;
                let keys = tx.license_keys(id).await?;
                let shown = keys.into_iter().rev().take(SHOWN).map(|key| Key {
                    in_force: key.jti == license.jti || key.jti == license.key_jti,
                    id: key.jti,
                    scheme: key.scheme.to_string(),
                    signed_by: key.kid,
                    issued_at: timestamp(key.issued_at),
                    voided_at: key.voided_at.map(timestamp),
                });
                Ok(shown.collect())
            })
        })
        .await
    }
}
