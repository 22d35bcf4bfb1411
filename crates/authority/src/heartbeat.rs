//! Keeps a seat: token → state → `token_version` → generation → seats and nodes, in this order.
//!
//! Nearly every heartbeat only goes on where the last one ended: [`plain`] says which, and [`together`] keeps many of
//! them in one step. Everything else, and every refusal, takes the full way here.

mod plain;
mod together;

use licentia_issue::Secret;
use licentia_model::{Activation, Seat};
use licentia_protocol::heartbeat::{Advice, Answer, ChainHead, Request};
use licentia_protocol::{Code, Problem};
use licentia_storage::Transaction;

use crate::activations::activate::{TOKEN_LIFE_S, check_nonce};
use crate::activations::clone::Copied;
use crate::audit::{Actor, Entry, PRODUCT};
use crate::authority::Authority;
use crate::chain::Checked;
use crate::denied::{Asker, Denied, failure};
use crate::error::AuthorityError;
use crate::lease::{Granted, Holder, Terms};
use crate::seats::{check_nodes, claim, timestamp};
use crate::secrets::{ACCESS_TOKEN, nonce, token};
use crate::usage::{Metered, Metering};

pub(crate) use self::plain::Judgements;
use self::plain::Plain;
pub(crate) use self::together::Together;

/// Which of the two tokens a heartbeat came with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bearer {
    Current,
    /// Good only to repeat the answer that brought the current one.
    Previous,
}

struct Kept {
    granted: Granted,
    /// A new token, where it was renewed.
    fresh: Option<Secret<String>>,
    license_changed: bool,
    metered: Metered,
    chain: Option<ChainHead>,
}

/// A seat that was kept.
pub struct Beat {
    /// The answer.
    pub answer: Answer,
    /// Who holds the seat.
    pub holder: Holder,
}

impl Authority {
    /// The answer alone of [`Authority::keep_seat`].
    pub async fn heartbeat(&self, request: Request, origin: String) -> Result<Answer, Problem> {
        self.keep_seat(request, origin).await.map(|beat| beat.answer)
    }

    /// `POST /v1/license/heartbeat`. `origin` is the caller's address, for the audit trail.
    pub async fn keep_seat(&self, request: Request, origin: String) -> Result<Beat, Problem> {
        let (nonce, cluster_id) = (request.nonce.clone(), request.cluster_id.clone());
        let asker = Asker { nonce: Some(&nonce), cluster_id: cluster_id.as_deref() };
        if let Err(denied) = check(&request) {
            return Err(self.refuse(denied, &asker));
        }
        let plainly = match Plain::of(self, &request) {
            Some(plain) => self.go_on(plain).await,
            None => None,
        };
        let kept = match plainly {
            Some(kept) => kept,
            None => {
                let actor = Actor::new(PRODUCT, origin);
                self.write(move |this, tx| {
                    Box::pin(async move { this.keep(tx, &request, &actor).await })
                })
                .await
                .map_err(|e| failure(&e))?
                .map_err(|denied| self.refuse(denied, &asker))?
            }
        };
        let lease = self.lease(&kept.granted).map_err(|e| failure(&e))?;
        let holder = kept.granted.holder();
        let seat = kept.granted.seat;
        let answer = Answer {
            token_version: kept.granted.token_version,
            token_expires_at: timestamp(seat.token_issued_at.saturating_add(TOKEN_LIFE_S)),
            access_token: kept.fresh.map(|fresh| fresh.expose().clone()),
            server_nonce: seat.server_nonce,
            lease,
            license: kept.license_changed.then(|| kept.granted.claims.token().to_owned()),
            keyset_version: self.keyring().keyset_version,
            revocations_seq: self.newest_list(),
            advice: kept.metered.advice,
            usage_counted: kept.metered.counted,
            chain: kept.chain,
        };
        Ok(Beat { answer, holder })
    }

    async fn keep(
        &self,
        tx: &mut dyn Transaction,
        request: &Request,
        actor: &Actor,
    ) -> Result<Result<Kept, Denied>, AuthorityError> {
        let now = self.clock().now();
        let activation = match self.named(tx, request).await? {
            Ok(Some(activation)) => activation,
            Ok(None) => return Ok(Err(Code::InvalidToken.into())),
            Err(denied) => return Ok(Err(denied)),
        };
        let Some(license) = tx.lock_license(activation.license_id).await? else {
            return Ok(Err(Code::InvalidToken.into()));
        };
        // Read under the lock: two heartbeats of one activation come one after the other.
        let Some(mut seat) = tx.seat(activation.id).await? else {
            return Ok(Err(Code::InvalidToken.into()));
        };
        let bearer = match self.bearer(&seat, request, now) {
            Ok(bearer) => bearer,
            Err(code) => return Ok(Err(code.into())),
        };

        // Of the keys that the licence is judged by: others may come meanwhile.
        let keyset_version = self.keyring().keyset_version;
        let mut known = self.know_and_mend(tx, license).await?;
        let (product, plan) = self.terms_of(tx, &known).await?;
        self.report_tampering(tx, &known, &product, &plan).await?;
        let end = match known.standing(now, None, activation.fingerprint.as_deref()) {
            Ok(end) => end,
            Err(denied) => return Ok(Err(denied)),
        };

        let token_version = known.license.token_version;
        if request.token_version != token_version || seat.token_version != token_version {
            return Ok(Err(Code::StaleTokenVersion.into()));
        }

        // A lost answer is answered again; anything older is a copy of this installation, or a restored one.
        let lost = request.generation.checked_add(1) == Some(seat.generation)
            && request.nonce == seat.nonce;
        if !lost && (request.generation != seat.generation || bearer == Bearer::Previous) {
            // The holder of a seat that was released is no copy.
            if seat.lease_until > 0 {
                let entry = Entry::new()
                    .fact("activation", activation.id.to_string())
                    .fact("generation", seat.generation)
                    .fact("brought", request.generation);
                let copied = self.clone_detected(tx, &mut known, &plan, entry, actor).await?;
                if copied == Copied::Suspended {
                    return Ok(Err(Denied::new(Code::Suspended).of(known.license.id)));
                }
            }
            return Ok(Err(Code::StaleGeneration.into()));
        }

        let terms = Terms::of(&product, &plan);
        if let Err(denied) = check_nodes(known.license.id, &known.claims, request.nodes) {
            return Ok(Err(denied));
        }
        let as_of = self.held_as_of(tx, now, terms.grace_s).await?;
        let claimed =
            match claim(tx, known.license.id, &known.claims, &plan, Some(&seat), as_of).await? {
                Ok(claimed) => claimed,
                Err(denied) => return Ok(Err(denied)),
            };
        seat.overage = claimed.overage;
        let chain = match &request.chain {
            // A lost answer was checked when it was first given.
            Some(_) if lost => Some(self.chain_of(tx, activation.id).await?),
            Some(chain) => {
                let terms = (&product, &plan);
                let checked = self
                    .check_chain(tx, chain, &mut known, terms, &activation, &mut seat, actor)
                    .await?;
                match checked {
                    Checked::Head(head) => Some(head),
                    Checked::Refused(denied) => return Ok(Err(denied)),
                }
            }
            None => None,
        };

        let mut fresh = None;
        if bearer == Bearer::Previous || is_due(&seat, now) {
            let token = token(ACCESS_TOKEN, self.random());
            let hash = self.token_hash(token.expose());
            if bearer == Bearer::Current {
                seat.previous_token_hash = Some(seat.token_hash);
            }
            seat.token_hash = hash;
            seat.token_issued_at = now;
            tx.insert_access_token(&hash, activation.id, now.saturating_add(TOKEN_LIFE_S)).await?;
            fresh = Some(token);
        }
        if !lost {
            seat.generation += 1;
            seat.nonce.clone_from(&request.nonce);
            let before = std::mem::replace(&mut seat.server_nonce, nonce(self.random()));
            seat.previous_server_nonce = Some(before);
        }
        seat.lease_until = terms.lease_until(now, end);
        seat.last_seen = now;
        seat.nodes = request.nodes.or(seat.nodes);
        tx.put_seat(&seat).await?;
        let metering = Metering {
            known: &known,
            product: &product,
            plan: &plan,
            activation_id: activation.id,
            claimed,
            lost,
            now,
        };
        let mut metered = self.meter(tx, request, &metering).await?;
        if let Some(from) = self.retiring(tx, &known.license, &product).await? {
            metered.advice.push(Advice::key_retiring(from.map(timestamp)));
        }
        self.judgements().add(&known, product, plan, claimed, keyset_version);
        let license_changed = known.claims.iat >= activation.activated_at;
        let granted = Granted {
            claims: known.claims,
            cluster_id: activation.cluster_id,
            fingerprint: activation.fingerprint,
            seat,
            terms,
            token_version,
            at: now,
        };
        Ok(Ok(Kept { granted, fresh, license_changed, metered, chain }))
    }

    async fn named(
        &self,
        tx: &mut dyn Transaction,
        request: &Request,
    ) -> Result<Result<Option<Activation>, Denied>, AuthorityError> {
        if let Some(id) = request.activation_id {
            return Ok(Ok(tx.activation(id).await?));
        }
        let (Some(key), Some(cluster)) = (&request.license_key, &request.cluster_id) else {
            return Ok(Ok(None));
        };
        match self.license_of_key(tx, key).await? {
            Ok(license) => Ok(Ok(tx.activation_of_cluster(license, cluster).await?)),
            Err(denied) => Ok(Err(denied)),
        }
    }

    fn bearer(&self, seat: &Seat, request: &Request, now: i64) -> Result<Bearer, Code> {
        let token = request.access_token.as_deref().ok_or(Code::InvalidToken)?;
        let hash = self.token_hash(token);
        let is = |other: &[u8; 32]| licentia_issue::master::equal(&hash, other);
        let bearer = if is(&seat.token_hash) {
            Bearer::Current
        } else if seat.previous_token_hash.as_ref().is_some_and(is) {
            Bearer::Previous
        } else {
            return Err(Code::InvalidToken);
        };
        if now >= seat.token_issued_at.saturating_add(TOKEN_LIFE_S) {
            return Err(Code::TokenExpired);
        }
        Ok(bearer)
    }
}

/// Whether a token is old enough to be renewed.
fn is_due(seat: &Seat, now: i64) -> bool {
    now - seat.token_issued_at >= TOKEN_LIFE_S / 2
}

fn check(request: &Request) -> Result<(), Denied> {
    check_nonce(&request.nonce)?;
    if request.activation_id.is_none()
        && (request.license_key.is_none() || request.cluster_id.is_none())
    {
        return Err(Denied::malformed("Send `activation_id`, or `license_key` and `cluster_id`."));
    }
    Ok(())
}
