//! Making leases: the row of a granted seat turned into the signed answer, after the commit.

use std::sync::Arc;

use licentia_license::lease::{Lease, Standing};
use licentia_license::{License as Claims, Verified};
use licentia_model::{Plan, Product, Seat};
use sha2::{Digest, Sha256};
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
    pub(crate) cluster_id: String,
    pub(crate) fingerprint: Option<String>,
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
        self.sign(&self.lease_claims(granted, self.newest_list()))
    }

    /// What it says.
    pub(crate) fn lease_claims(&self, granted: &Granted, revocations_seq: u64) -> Lease {
        let Granted { claims, seat, terms, .. } = granted;
        let standing = match (claims.trial, seat.overage) {
            (_, true) => Standing::Overage,
            (true, false) => Standing::Trial,
            (false, false) => Standing::Active,
        };
        Lease {
            iss: self.issuer().to_owned(),
            sub: claims.sub.clone(),
            aud: claims.aud.clone(),
            iat: granted.at,
            exp: seat.lease_until,
            act: seat.activation_id.to_string(),
            cluster_id: granted.cluster_id.clone(),
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
            next_at: next_at(granted.at, seat.lease_until, terms.heartbeat_s, &seat.server_nonce),
            revocations_seq,
            fingerprint: granted.fingerprint.clone(),
        }
    }
}

/// When the next heartbeat is due: between four fifths of the interval and the whole of it after the answer, drawn by
/// the answer's own random nonce.
///
/// Clients that came in the same second are thus spread over a fifth of the interval by their next heartbeat and
/// further by each one after it; on average a heartbeat comes at nine tenths of the interval, which is a ninth more of
/// them. The interval counts as half of what the lease has left where that is shorter: when one heartbeat is lost, the
/// next still falls inside the lease, and towards the end of a licence a renewal is seen in time.
fn next_at(now: i64, lease_until: i64, heartbeat_s: u32, drawn_by: &str) -> i64 {
    let left = lease_until.saturating_sub(now) / 2;
    let interval = i64::from(heartbeat_s).min(left).max(1);
    let spread = interval / 5;
    let digest: [u8; 32] = Sha256::digest(drawn_by).into();
    let drawn = digest.iter().take(4).fold(0_i64, |drawn, byte| drawn << 8 | i64::from(*byte));
    now.saturating_add(interval - drawn % (spread + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heartbeats_are_spread_and_two_of_them_fall_inside_the_lease() {
        let due = |lease_s, heartbeat_s, n: u32| {
            next_at(1_000, 1_000 + lease_s, heartbeat_s, &n.to_string()) - 1_000
        };
        let times: Vec<_> = (0..1_000).map(|n| due(86_400, 900, n)).collect();
        assert!(times.iter().all(|at| (720..=900).contains(at)), "{times:?}");
        let mean = times.iter().sum::<i64>() / 1_000;
        assert!((800..=820).contains(&mean), "{mean}");
        for (lease_s, heartbeat_s) in
            [(900, 900), (60, 900), (86_400, 86_400), (10, u32::MAX), (3, 2)]
        {
            for n in 0..200 {
                let at = due(lease_s, heartbeat_s, n);
                assert!(at >= 1 && 2 * at <= lease_s, "{lease_s} {heartbeat_s}: {at}");
            }
        }
        // A lease that is over, or never ends.
        assert_eq!(next_at(1_000, 1_000, 900, "n"), 1_001);
        assert!(next_at(i64::MAX - 5, i64::MAX, 900, "n") > i64::MAX - 5);
    }

    #[test]
    fn a_lost_answer_is_given_again_with_the_same_distance() {
        assert_eq!(next_at(10, 86_410, 900, "n") - 10, next_at(20, 86_420, 900, "n") - 20);
    }
}
