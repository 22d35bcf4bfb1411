//! A customer frees a seat of his own, so often a day and no oftener: seats are not to be passed around.

use jiff::Timestamp;
use licentia_storage::audit::AuditFilter;
use serde::Serialize;
use uuid::Uuid;

use crate::audit::CUSTOMER;
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::portal::actor;
use crate::portal::enter::Visit;
use crate::seats::timestamp;

/// Seats of one licence that may be freed so within a day.
pub const A_DAY: u32 = 3;
const DAY_S: i64 = 86_400;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Released {
    /// The seat is free.
    Free,
    /// Often enough for today.
    Later {
        /// When the next one may be freed.
        at: Timestamp,
    },
}

impl Authority {
    /// Frees a seat of the visited licence.
    pub async fn release_own(
        &self,
        visit: Visit,
        activation_id: Uuid,
        origin: &str,
    ) -> Result<Released, AuthorityError> {
        let actor = actor(origin);
        self.write(move |this, tx| {
            Box::pin(async move {
                let missing = || crate::activations::list::missing(activation_id);
                let activation = tx.activation(activation_id).await?;
                let activation = activation.filter(|it| it.license_id == visit.license_id);
                let activation = activation.ok_or_else(missing)?;
                tx.lock_license(visit.license_id).await?;
                let seat = tx.seat(activation_id).await?.ok_or_else(missing)?;
                if seat.lease_until == 0 {
                    return Ok(Released::Free);
                }
                let since = this.clock().now().saturating_sub(DAY_S);
                let lately = AuditFilter {
                    actor: Some(CUSTOMER.to_owned()),
                    action: Some("activation.release".to_owned()),
                    subject: Some(subject(visit.license_id)),
                    since: since.saturating_mul(1_000_000),
                    until: i64::MAX,
                    before: None,
                    limit: A_DAY,
                };
                let lately = tx.audit_page(&lately).await?;
                if let Some(oldest) = lately.last().filter(|_| lately.len() >= A_DAY as usize) {
                    let at = oldest.at_micros.div_euclid(1_000_000).saturating_add(DAY_S);
                    return Ok(Released::Later { at: timestamp(at) });
                }
                this.release_in(tx, &activation, seat, &actor).await?;
                Ok(Released::Free)
            })
        })
        .await
    }
}
