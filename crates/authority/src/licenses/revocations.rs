//! Licences that were revoked.

use licentia_model::LicenseState;
use licentia_protocol::resource::{self, Page};
use licentia_storage::licenses::{Path, Walk};

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::paging::{cursor, limit_of, place_of};
use crate::seats::timestamp;

impl Row for resource::Revocation {
    const COLUMNS: &'static [&'static str] =
        &["license_id", "key_id", "product", "revoked_at", "reason", "grace_until"];
}

impl Authority {
    /// A page of revocations, the latest first.
    pub async fn list_revocations(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Page<resource::Revocation>, AuthorityError> {
        let limit = limit_of(limit)?;
        self.read(move |this, tx| {
            Box::pin(async move {
                let (path, descending) = (Path::Revoked, true);
                let after = place_of(after.as_deref(), descending)?;
                let walked = tx.walk_licenses(&Walk { path, descending, after, limit }).await?;
                let full = walked.len() == limit as usize;
                let next = walked.last().filter(|_| full).map(|last| cursor(&path.place(last)));
                let mut items = Vec::with_capacity(walked.len());
                for license in walked {
                    let known = this.know(tx, license).await?;
                    if let LicenseState::Revoked { at, reason, grace_until } = known.license.state {
                        items.push(resource::Revocation {
                            license_id: known.license.id,
                            key_id: known.license.jti,
                            product: known.claims.aud.to_string(),
                            revoked_at: timestamp(at),
                            reason,
                            grace_until: grace_until.map(timestamp),
                        });
                    }
                }
                Ok(Page { items, next })
            })
        })
        .await
    }
}
