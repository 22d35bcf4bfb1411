//! Activations with their seats, for operators.

use licentia_model::{Activation, Seat};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::seats::timestamp;

impl Authority {
    /// Newest first; of one licence or of all.
    pub async fn list_activations(
        &self,
        license_id: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<resource::Activation>, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                if let Some(id) = license_id
                    && tx.license(id).await?.is_none()
                {
                    return Err(AuthorityError::NotFound { what: "licence", name: id.to_string() });
                }
                let mut list = Vec::new();
                for activation in tx.activations(license_id, limit).await? {
                    let Some(seat) = tx.seat(activation.id).await? else { continue };
                    list.push(this.activation_view(tx, activation, &seat).await?);
                }
                Ok(list)
            })
        })
        .await
    }

    pub(crate) async fn activation_view(
        &self,
        tx: &mut dyn Transaction,
        activation: Activation,
        seat: &Seat,
    ) -> Result<resource::Activation, AuthorityError> {
        let now = self.clock().now();
        let plan = match tx.license(activation.license_id).await? {
            Some(license) => tx.plan(license.plan_id).await?,
            None => None,
        };
        let live = seat.is_live(now, plan.and_then(|plan| plan.reclaim_after_s));
        let runs = seat.lease_until > now;
        Ok(resource::Activation {
            id: activation.id,
            license_id: activation.license_id,
            cluster_id: activation.cluster_id,
            hostname: activation.hostname,
            nodes: seat.nodes,
            live,
            overlapping: runs && !live,
            overage: seat.overage,
            generation: seat.generation,
            last_seen: timestamp(seat.last_seen),
            lease_until: (seat.lease_until > 0).then(|| timestamp(seat.lease_until)),
            created_at: timestamp(activation.created_at),
        })
    }
}
