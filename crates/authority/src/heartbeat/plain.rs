//! Heartbeats that only go on: nothing reported, nothing lost, and a licence that is as it was when it was last judged
//! in full. Such a heartbeat is granted by comparison. Whatever is not plainly good is no refusal here: it takes the
//! full way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use licentia_issue::master;
use licentia_model::{HeldSeat, Plan, Product};
use licentia_protocol::heartbeat::Request;
use uuid::Uuid;

use super::{Kept, is_due};
use crate::authority::Authority;
use crate::credential::Known;
use crate::lease::{Granted, Terms};
use crate::seats::{Claimed, check_nodes};
use crate::usage::Metered;

/// Licences whose last judgement is remembered, of some 500 bytes each.
const JUDGED: usize = 50_000;

/// What a heartbeat brings that asks for nothing but its seat.
pub(crate) struct Plain {
    pub(super) activation_id: Uuid,
    token_hash: [u8; 32],
    token_version: u64,
    generation: u64,
    nonce: String,
    nodes: Option<u32>,
}

impl Plain {
    pub(super) fn of(authority: &Authority, request: &Request) -> Option<Self> {
        let reports =
            !request.usage.is_empty() || request.usage_id.is_some() || request.chain.is_some();
        let (Some(activation_id), Some(token), false) =
            (request.activation_id, &request.access_token, reports)
        else {
            return None;
        };
        Some(Self {
            activation_id,
            token_hash: authority.token_hash(token),
            token_version: request.token_version,
            generation: request.generation,
            nonce: request.nonce.clone(),
            nodes: request.nodes,
        })
    }

    /// The seat, kept; `None` where the full way has to say. The server's nonce is a new one.
    pub(super) fn keep(
        self,
        held: HeldSeat,
        judged: &Judged,
        now: i64,
        server_nonce: String,
    ) -> Option<Kept> {
        let HeldSeat { mut seat, cluster_id, fingerprint, activated_at, license } = held;
        let known = &judged.known;
        let plainly = master::equal(&self.token_hash, &seat.token_hash)
            && !is_due(&seat, now)
            && license == known.license
            && self.token_version == license.token_version
            && seat.token_version == license.token_version
            && self.generation == seat.generation
            && seat.is_live(now, None)
            && !seat.overage
            && check_nodes(license.id, &known.claims, self.nodes).is_ok();
        if !plainly {
            return None;
        }
        let end = known.standing(now, None, fingerprint.as_deref()).ok()?;
        let terms = Terms::of(&judged.terms.0, &judged.terms.1);
        seat.generation += 1;
        seat.nonce = self.nonce;
        seat.previous_server_nonce = Some(std::mem::replace(&mut seat.server_nonce, server_nonce));
        seat.lease_until = terms.lease_until(now, end);
        seat.last_seen = now;
        seat.nodes = self.nodes.or(seat.nodes);
        Some(Kept {
            license_changed: known.claims.iat >= activated_at,
            granted: Granted {
                claims: Arc::clone(&known.claims),
                cluster_id,
                fingerprint,
                seat,
                terms,
                token_version: license.token_version,
                at: now,
            },
            fresh: None,
            metered: Metered::default(),
            chain: None,
        })
    }
}

/// A licence as it was when it was last judged in full, and by what.
pub(crate) struct Judged {
    known: Known,
    terms: Arc<(Product, Plan)>,
    keyset_version: u64,
}

impl Judged {
    /// Whether product, plan and keys are still those of the judgement.
    pub(super) fn stands(&self, terms: &Arc<(Product, Plan)>, keyset_version: u64) -> bool {
        Arc::ptr_eq(&self.terms, terms) && self.keyset_version == keyset_version
    }
}

/// The judgements of this process. They are only ever compared with what the database says now.
#[derive(Default)]
pub(crate) struct Judgements(Mutex<Memory>);

#[derive(Default)]
pub(super) struct Memory {
    licenses: HashMap<Uuid, Judged>,
    /// By plan. Replaced as soon as product or plan are others, and with that no judgement by the former stands.
    terms: HashMap<Uuid, Arc<(Product, Plan)>>,
}

impl Judgements {
    /// Remembers a judgement where the next heartbeat could be granted by comparison with it: the row says what the
    /// licence says, and whether there is a seat for its holder depends on nobody else.
    pub(crate) fn add(
        &self,
        known: &Known,
        product: Product,
        plan: Plan,
        claimed: Claimed,
        keyset_version: u64,
    ) {
        let license = &known.license;
        let plain = known.contradictions().is_empty()
            && (license.product_id, license.plan_id) == (product.id, plan.id)
            // A seat that is held stays within those paid for as long as no more than those are ever given.
            && (known.claims.seats.is_none() || plan.overage == 0)
            && plan.reclaim_after_s.is_none()
            && !claimed.overage
            && plan.quotas.is_empty();
        let mut memory = self.lock();
        if !plain {
            memory.licenses.remove(&license.id);
            return;
        }
        let terms = memory.terms((product, plan));
        if memory.licenses.len() >= JUDGED {
            memory.licenses.clear();
        }
        let known = Known { license: license.clone(), claims: Arc::clone(&known.claims) };
        memory.licenses.insert(known.license.id, Judged { known, terms, keyset_version });
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Memory> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    pub(super) fn judged(&self, license_id: Uuid) -> Option<&Judged> {
        self.licenses.get(&license_id)
    }

    /// These terms, as one value for as long as they are the same.
    pub(super) fn terms(&mut self, now: (Product, Plan)) -> Arc<(Product, Plan)> {
        match self.terms.get(&now.1.id) {
            Some(known) if **known == now => Arc::clone(known),
            _ => {
                let terms = Arc::new(now);
                self.terms.insert(terms.1.id, Arc::clone(&terms));
                terms
            }
        }
    }
}
