//! Takes a seat from its holder, by an operator or in the portal: it is free at once (decision 2).

use licentia_model::{Activation, EventKind, Seat};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::seats::said;

/// Seats of a licence that one look takes.
const PAGE: u32 = 500;

impl Authority {
    /// Releases the seat of an activation. Its holder hears of it, finds its generation stale, activates again, and
    /// gets a seat only where one is free. Releasing a seat that is free changes nothing.
    pub async fn release(
        &self,
        activation_id: Uuid,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::Activation, AuthorityError> {
        let actor = ask.into().actor;
        self.write(move |this, tx| {
            Box::pin(async move {
                let missing = || super::list::missing(activation_id);
                let activation = tx.activation(activation_id).await?.ok_or_else(missing)?;
                tx.lock_license(activation.license_id).await?;
                let seat = tx.seat(activation_id).await?.ok_or_else(missing)?;
                let seat = this.release_in(tx, &activation, seat, &actor).await?;
                this.activation_view(tx, activation, &seat).await
            })
        })
        .await
    }

    /// The same of a licence that is locked.
    pub(crate) async fn release_in(
        &self,
        tx: &mut dyn Transaction,
        activation: &Activation,
        mut seat: Seat,
        actor: &Actor,
    ) -> Result<Seat, AuthorityError> {
        if seat.lease_until > 0 {
            let before = said(&seat);
            seat.lease_until = 0;
            seat.make_stale();
            tx.put_seat(&seat).await?;
            let now = self.clock().now();
            tx.insert_event(Some(activation.license_id), EventKind::Changed, now).await?;
            let entry = Entry::change(before, said(&seat))
                .fact("activation", activation.id.to_string())
                .personal("cluster_id", Some(&activation.cluster_id));
            let license = activation.license_id;
            self.announce(tx, actor, "activation.release", license, entry).await?;
        }
        Ok(seat)
    }

    /// Frees the seats of a licence that is locked, but for so many that were heard of last; how many.
    pub(crate) async fn free_seats(
        &self,
        tx: &mut dyn Transaction,
        license_id: Uuid,
        keep: u32,
    ) -> Result<u64, AuthorityError> {
        let (now, mut freed) = (self.clock().now(), 0);
        loop {
            let live = tx.live_seats(license_id, now, None, keep.saturating_add(PAGE)).await?;
            let surplus = live.into_iter().skip(keep as usize);
            let before = freed;
            for mut seat in surplus {
                seat.lease_until = 0;
                seat.make_stale();
                tx.put_seat(&seat).await?;
                freed += 1;
            }
            if freed == before {
                return Ok(freed);
            }
        }
    }
}
