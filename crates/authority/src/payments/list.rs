//! Events of payment providers as operators see them.

use licentia_protocol::resource::{self, Page};
use licentia_storage::Place;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::paging::{cursor, limit_of, place_of};
use crate::seats::timestamp;

impl Authority {
    /// A page of events, the last that came first.
    pub async fn list_payments(
        &self,
        after: Option<String>,
        limit: u32,
    ) -> Result<Page<resource::Payment>, AuthorityError> {
        let limit = limit_of(limit)?;
        self.read(move |_, tx| {
            Box::pin(async move {
                let after = place_of(after.as_deref(), true)?;
                let found = tx.walk_payment_events(after, limit).await?;
                let full = found.len() == limit as usize;
                let next = found.last().filter(|_| full);
                let next = next.map(|last| cursor(&Place { at: last.received_at, id: last.id }));
                let mut items = Vec::with_capacity(found.len());
                for event in found {
                    let purchase = tx.purchase(event.purchase_id).await?;
                    items.push(resource::Payment {
                        provider: event.provider,
                        event: event.event,
                        kind: event.kind,
                        purchase: event.purchase_id,
                        license: purchase.and_then(|purchase| purchase.license_id),
                        at: timestamp(event.at),
                        received_at: timestamp(event.received_at),
                    });
                }
                Ok(Page { items, next })
            })
        })
        .await
    }
}
