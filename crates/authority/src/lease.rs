//! Making leases: the row of a granted seat turned into the signed answer, after the commit.

use std::sync::Arc;

use licentia_license::lease::{Lease, Standing};
use licentia_license::{License as Claims, Verified};
use licentia_model::{Activation, Plan, Product, Seat};
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;

/// Who holds a seat, and how often all products of the licence may ask, where its plan says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The licence.
    pub license_id: Uuid,
    /// The activation.
    pub activation_id: Uuid,
    /// Requests a minute.
    pub contacts_per_minute: Option<u32>,
}

/// A seat that was granted and committed.
pub(crate) struct Granted {
    pub(crate) claims: Arc<Verified<Claims>>,
    pub(crate) activation: Activation,
    pub(crate) seat: Seat,
    pub(crate) terms: Terms,
    pub(crate) token_version: u64,
    pub(crate) at: i64,
}

/// What a plan says about heartbeats.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) heartbeat_s: u32,
    pub(crate) grace_s: u32,
    pub(crate) contacts_per_minute: Option<u32>,
}

impl Terms {
    pub(crate) fn of(product: &Product, plan: &Plan) -> Self {
        Self {
            heartbeat_s: plan.heartbeat_s.unwrap_or(product.heartbeat_s),
            grace_s: plan.grace_s.unwrap_or(product.grace_s),
            contacts_per_minute: plan.contacts_per_minute,
        }
    }

    /// End of a lease given now: the plan's grace, cut at the end of the right itself.
    pub(crate) fn lease_until(self, now: i64, end: Option<i64>) -> i64 {
        let until = now.saturating_add(i64::from(self.grace_s));
        end.map_or(until, |end| until.min(end))
    }
}

impl Granted {
    /// Who holds the seat.
    pub(crate) fn holder(&self) -> Holder {
        Holder {
            license_id: self.seat.license_id,
            activation_id: self.seat.activation_id,
            contacts_per_minute: self.terms.contacts_per_minute,
        }
    }
}

impl Authority {
    /// The signed lease of a granted seat.
    pub(crate) fn lease(&self, granted: &Granted) -> Result<String, AuthorityError> {
        let Granted { claims, activation, seat, terms, .. } = granted;
        let standing = match (claims.trial, seat.overage) {
            (_, true) => Standing::Overage,
            (true, false) => Standing::Trial,
            (false, false) => Standing::Active,
        };
        self.sign(&Lease {
            iss: self.issuer().to_owned(),
            sub: claims.sub.clone(),
            aud: claims.aud.clone(),
            iat: granted.at,
            exp: seat.lease_until,
            act: activation.id.to_string(),
            cluster_id: activation.cluster_id.clone(),
            token_version: granted.token_version,
            generation: seat.generation,
            nonce: seat.nonce.clone(),
            server_nonce: seat.server_nonce.clone(),
            tier: claims.tier.clone(),
            rank: claims.rank,
            features: claims.features.clone(),
            limits: claims.limits.clone(),
            nodes: claims.nodes,
            standing,
            next_at: granted.at.saturating_add(i64::from(terms.heartbeat_s)),
            revocations_seq: 0,
            fingerprint: activation.fingerprint.clone(),
        })
    }
}
