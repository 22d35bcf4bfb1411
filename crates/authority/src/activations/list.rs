//! Activations with their seats, for operators.

use licentia_model::{Activation, Seat};
use licentia_protocol::resource::{self, Page};
use licentia_storage::{Place, Transaction};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::paging::{Budget, Structured, cursor, limit_of, place_of, read_cursor};
use crate::seats::timestamp;

/// What a list of activations is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this licence.
    pub license_id: Option<Uuid>,
    /// Those that hold a seat, or those that hold none.
    pub live: Option<bool>,
    /// The beginning of a cluster id.
    pub search: Option<String>,
    /// Oldest first.
    pub ascending: bool,
    /// Where the last page ended.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Where a search for clusters stands.
#[derive(Serialize, Deserialize)]
struct AtCluster {
    cluster: String,
    id: Uuid,
}

impl Structured for AtCluster {}

impl Row for resource::Activation {
    const COLUMNS: &'static [&'static str] = &[
        "id",
        "license_id",
        "cluster_id",
        "hostname",
        "nodes",
        "live",
        "overage",
        "generation",
        "offline",
        "last_seen",
        "lease_until",
        "created_at",
    ];
}

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
                for activation in
                    tx.walk_activations(license_id, true, Place::start(true), limit).await?
                {
                    let Some(seat) = tx.seat(activation.id).await? else { continue };
                    list.push(this.activation_view(tx, activation, &seat).await?);
                }
                Ok(list)
            })
        })
        .await
    }

    /// A page of activations, newest first; those that a search finds in the order of their cluster ids.
    pub async fn page_of_activations(
        &self,
        filter: Filter,
    ) -> Result<Page<resource::Activation>, AuthorityError> {
        let limit = limit_of(filter.limit)? as usize;
        self.read(move |this, tx| {
            Box::pin(async move {
                if let Some(id) = filter.license_id
                    && tx.license(id).await?.is_none()
                {
                    return Err(AuthorityError::NotFound { what: "licence", name: id.to_string() });
                }
                let search =
                    filter.search.as_deref().map(str::trim).filter(|text| !text.is_empty());
                let mut budget = Budget::default();
                let mut items = Vec::new();
                let mut at = filter.after.clone();
                loop {
                    let narrow =
                        filter.live.is_some() || (search.is_some() && filter.license_id.is_some());
                    let ask = budget.ask(limit - items.len(), !narrow);
                    let chunk = match search {
                        Some(prefix) => {
                            let at = at.as_deref().map(read_cursor::<AtCluster>).transpose()?;
                            let at = at.as_ref().map(|at| (at.cluster.as_str(), at.id));
                            tx.find_clusters(prefix, at, ask).await?
                        }
                        None => {
                            let at = place_of(at.as_deref(), !filter.ascending)?;
                            let descending = !filter.ascending;
                            tx.walk_activations(filter.license_id, descending, at, ask).await?
                        }
                    };
                    budget.spend(ask);
                    let last_chunk = chunk.len() < ask as usize;
                    for activation in chunk {
                        at = Some(match search {
                            Some(_) => cursor(&AtCluster {
                                cluster: activation.cluster_id.clone(),
                                id: activation.id,
                            }),
                            None => cursor(&Place { at: activation.created_at, id: activation.id }),
                        });
                        if filter.license_id.is_some_and(|id| id != activation.license_id) {
                            continue;
                        }
                        let Some(seat) = tx.seat(activation.id).await? else { continue };
                        let view = this.activation_view(tx, activation, &seat).await?;
                        if filter.live.is_none_or(|live| live == view.live) {
                            items.push(view);
                        }
                        if items.len() == limit {
                            return Ok(Page { items, next: at });
                        }
                    }
                    if last_chunk {
                        return Ok(Page { items, next: None });
                    }
                    if budget.is_spent() {
                        return Ok(Page { items, next: at });
                    }
                }
            })
        })
        .await
    }

    /// One activation.
    pub async fn show_activation(&self, id: Uuid) -> Result<resource::Activation, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let activation = tx.activation(id).await?.ok_or_else(|| missing(id))?;
                let seat = tx.seat(id).await?.ok_or_else(|| missing(id))?;
                this.activation_view(tx, activation, &seat).await
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
            offline: activation.carried.is_some(),
            last_seen: timestamp(match activation.carried {
                Some(_) => activation.activated_at,
                None => seat.last_seen,
            }),
            lease_until: (seat.lease_until > 0).then(|| timestamp(seat.lease_until)),
            created_at: timestamp(activation.created_at),
        })
    }
}

pub(crate) fn missing(id: Uuid) -> AuthorityError {
    AuthorityError::NotFound { what: "activation", name: id.to_string() }
}
