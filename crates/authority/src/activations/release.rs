//! Takes a seat from its holder, by an operator or in the portal: it is free at once (decision 2).

use licentia_protocol::resource;
use uuid::Uuid;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;

impl Authority {
    /// Releases the seat of an activation. Its holder's generation is stale: it activates again, and gets a seat
    /// only where one is free. Releasing a seat that is free changes nothing.
    pub async fn release(
        &self,
        activation_id: Uuid,
        actor: Actor,
    ) -> Result<resource::Activation, AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let missing = || AuthorityError::NotFound {
                    what: "activation",
                    name: activation_id.to_string(),
                };
                let activation = tx.activation(activation_id).await?.ok_or_else(missing)?;
                tx.lock_license(activation.license_id).await?;
                let mut seat = tx.seat(activation_id).await?.ok_or_else(missing)?;
                if seat.lease_until > 0 {
                    seat.lease_until = 0;
                    seat.make_stale();
                    tx.put_seat(&seat).await?;
                    let entry = Entry::new()
                        .fact("activation", activation_id.to_string())
                        .personal("cluster_id", Some(&activation.cluster_id));
                    let subject = subject(activation.license_id);
                    this.record(tx, &actor, "activation.release", subject, entry).await?;
                }
                this.activation_view(tx, activation, &seat).await
            })
        })
        .await
    }
}
