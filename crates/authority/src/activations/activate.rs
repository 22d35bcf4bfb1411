//! Takes or renews a seat.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::Secret;
use licentia_license::activation::ActivationProof;
use licentia_license::fingerprint::Fingerprint;
use licentia_model::{Activation, Plan, Seat};
use licentia_protocol::activate::{Answer, Request};
use licentia_protocol::heartbeat::ChainHead;
use licentia_protocol::{Code, Problem};
use licentia_storage::Transaction;
use uuid::Uuid;

use super::offline::Carried;
use crate::audit::{Actor, Entry, PRODUCT};
use crate::authority::Authority;
use crate::credential::{Known, subject};
use crate::denied::{Asker, Denied, failure};
use crate::error::AuthorityError;
use crate::idempotency::{Attempt, Caller};
use crate::lease::{Granted, Holder, Terms};
use crate::licenses::{feature_names, named_limits};
use crate::seats::{check_nodes, claim, said, timestamp};
use crate::secrets::{ACCESS_TOKEN, nonce, token};

/// How long an access token lives, in seconds; renewed by heartbeats after half of it.
pub(crate) const TOKEN_LIFE_S: i64 = 24 * 3600;

/// Longest fingerprint that is taken, in characters.
pub(crate) const MAX_FINGERPRINT: usize = 512;

/// An activation that was granted.
pub struct Activated {
    /// Whether the cluster is new to the licence (201) or had been activated before (200).
    pub created: bool,
    /// The answer.
    pub answer: Answer,
    /// Who holds the seat.
    pub holder: Holder,
}

/// What an answer that is given again needs besides the licence.
struct Again {
    activation_id: Uuid,
    terms: Terms,
    end: Option<i64>,
    token_hash: [u8; 32],
}

/// A seat that was taken, before its answer is signed.
pub(super) struct Taken {
    created: bool,
    pub(super) activation: Activation,
    pub(super) granted: Granted,
    chain: ChainHead,
}

impl Authority {
    /// `POST /v1/license/activate`.
    pub async fn activate(&self, request: Request, caller: Caller) -> Result<Activated, Problem> {
        let Caller { origin, idempotency_key } = caller;
        let (cluster_id, nonce) = (request.cluster_id.clone(), request.nonce.clone());
        let asker = Asker { nonce: Some(&nonce), cluster_id: Some(&cluster_id) };
        if let Err(denied) = check(&request) {
            return Err(self.refuse(denied, &asker));
        }
        let key = idempotency_key.as_deref();
        let attempt = self
            .attempt("activate", &request.license_key, key, &request)
            .map_err(|denied| self.refuse(denied, &asker))?;
        let token = token(ACCESS_TOKEN, self.random());
        let token_hash = self.token_hash(token.expose());
        let running = attempt.clone();
        let actor = Actor::new(PRODUCT, origin);
        let within = self.crowds().enter(&request.license_key).await.map_err(|e| failure(&e))?;
        let granted = self
            .write(move |this, tx| {
                Box::pin(async move {
                    this.grant(tx, request, attempt.as_ref(), token_hash, None, &actor).await
                })
            })
            .await
            .map_err(|e| failure(&e))?
            .map_err(|denied| self.refuse(denied, &asker))?;
        drop(within);
        let answer = self.answer(granted, &token).map_err(|e| failure(&e));
        drop(running);
        answer
    }

    /// Takes the seat; `carried`: for a machine without network, which holds it for the plan's offline term.
    pub(super) async fn grant(
        &self,
        tx: &mut dyn Transaction,
        request: Request,
        attempt: Option<&Attempt>,
        token_hash: [u8; 32],
        carried: Option<Carried>,
        actor: &Actor,
    ) -> Result<Result<Taken, Denied>, AuthorityError> {
        let id = match self.license_of_key(tx, &request.license_key).await? {
            Ok(id) => id,
            Err(denied) => return Ok(Err(denied)),
        };
        let Some(license) = tx.lock_license(id).await? else {
            return Ok(Err(Code::UnknownLicense.into()));
        };
        let keyset_version = self.keyring().keyset_version;
        let mut known = self.know_and_mend(tx, license).await?;
        let (product, plan) = self.terms_of(tx, &known).await?;
        self.report_tampering(tx, &known, &product, &plan).await?;
        let now = self.clock().now();
        let end =
            match known.standing(now, request.product.as_deref(), request.fingerprint.as_deref()) {
                Ok(end) => end,
                Err(denied) => return Ok(Err(denied)),
            };
        let machine = request.fingerprint.as_deref();
        if let Err(denied) = self.trial_machine(tx, &known, &product, machine).await? {
            return Ok(Err(denied));
        }
        let mut terms = Terms::of(&product, &plan);
        let as_of = self.held_as_of(tx, now, terms.grace_s).await?;
        if let Some(carried) = &carried {
            terms.grace_s = carried.term_s(&plan, now);
        }

        if let Some(attempt) = attempt {
            match attempt.done_before(tx, now).await? {
                Ok(None) => {}
                Ok(Some(done)) => {
                    let again = Again { activation_id: done, terms, end, token_hash };
                    return self.grant_again(tx, known, again, &request.nonce, actor).await;
                }
                Err(denied) => return Ok(Err(denied)),
            }
        }

        let before = tx.activation_of_cluster(id, &request.cluster_id).await?;
        let seat = match &before {
            Some(activation) => tx.seat(activation.id).await?,
            None => None,
        };
        if let (Some(activation), Some(seat), Some(carried)) = (&before, &seat, &carried)
            && activation.carried.as_deref() == Some(carried.by.as_str())
            && (seat.lease_until, &seat.nonce) == (0, &request.nonce)
        {
            // The machine has thrown away what answered it.
            return Ok(Err(Code::RequestSpent.into()));
        }
        if let (Some(activation), Some(seat)) = (&before, &seat)
            && seat.lease_until > as_of
            && let Err(denied) =
                self.take_over(tx, &mut known, &plan, activation, seat, &request, actor).await?
        {
            return Ok(Err(denied));
        }
        if let Err(denied) = check_nodes(id, &known.claims, request.nodes) {
            return Ok(Err(denied));
        }
        let claimed = match claim(tx, id, &known.claims, &plan, seat.as_ref(), as_of).await? {
            Ok(claimed) => claimed,
            Err(denied) => return Ok(Err(denied)),
        };

        let held = seat.as_ref().map(said);
        let created = before.is_none();
        let by = carried.map(|carried| carried.by);
        let lease_until = terms.lease_until(now, end);
        // Silence is no news of who has no network.
        let last_seen = if by.is_some() { lease_until } else { now };
        let activation = self.remember(tx, before, &known, &request, by, now).await?;
        let seat = Seat {
            activation_id: activation.id,
            license_id: id,
            generation: seat.map_or(0, |seat| seat.generation) + 1,
            nonce: request.nonce,
            server_nonce: nonce(self.random()),
            previous_server_nonce: None,
            lease_until,
            last_seen,
            nodes: request.nodes,
            overage: claimed.overage,
            token_hash,
            previous_token_hash: None,
            token_issued_at: now,
            token_version: known.license.token_version,
        };
        tx.put_seat(&seat).await?;
        tx.insert_access_token(&token_hash, activation.id, now.saturating_add(TOKEN_LIFE_S))
            .await?;
        let mut entry = Entry::change(held, said(&seat))
            .fact("activation", activation.id.to_string())
            .fact("overage", claimed.overage);
        if activation.carried.is_some() {
            entry = entry.fact("offline", true);
        }
        if claimed.overlap > 0 {
            entry = entry.fact("overlap", claimed.overlap);
        }
        let entry = entry
            .personal("cluster_id", Some(&activation.cluster_id))
            .personal("hostname", activation.hostname.as_deref())
            .personal("email", activation.email.as_deref());
        match created {
            true => self.announce(tx, actor, "activation.activate", id, entry).await?,
            false => self.record(tx, actor, "activation.activate", subject(id), entry).await?,
        }
        if let Some(attempt) = attempt {
            attempt.done(tx, activation.id, now).await?;
        }
        let chain = match created {
            // Nothing to look up: the installation is new.
            true => crate::chain::told(None),
            false => self.chain_of(tx, activation.id).await?,
        };
        self.judgements().add(&known, product, plan, claimed, keyset_version);
        let token_version = known.license.token_version;
        let granted = Granted {
            claims: known.claims,
            cluster_id: activation.cluster_id.clone(),
            fingerprint: activation.fingerprint.clone(),
            seat,
            terms,
            token_version,
            at: now,
        };
        Ok(Ok(Taken { created, activation, granted, chain }))
    }

    /// The answer that was given before, with a new token, which voids the former. Where the seat has moved on
    /// since, somebody had that answer, and who asks again is no longer the holder.
    async fn grant_again(
        &self,
        tx: &mut dyn Transaction,
        known: Known,
        again: Again,
        nonce: &str,
        actor: &Actor,
    ) -> Result<Result<Taken, Denied>, AuthorityError> {
        let Again { activation_id, terms, end, token_hash } = again;
        let now = self.clock().now();
        let (Some(mut activation), Some(mut seat)) =
            (tx.activation(activation_id).await?, tx.seat(activation_id).await?)
        else {
            return Ok(Err(Code::StaleGeneration.into()));
        };
        let token_version = known.license.token_version;
        if seat.nonce != nonce || seat.lease_until <= now || seat.token_version != token_version {
            return Ok(Err(Code::StaleGeneration.into()));
        }
        let held = said(&seat);
        seat.lease_until = seat.lease_until.min(terms.lease_until(now, end));
        seat.token_hash = token_hash;
        seat.previous_token_hash = None;
        seat.token_issued_at = now;
        tx.put_seat(&seat).await?;
        // The answer brings the licence as it is signed now, and the product keys its chain of actions with that.
        if activation.record != Some(known.license.jti) {
            activation.record = Some(known.license.jti);
            tx.update_activation(&activation).await?;
        }
        tx.insert_access_token(&token_hash, activation_id, now.saturating_add(TOKEN_LIFE_S))
            .await?;
        let entry = Entry::change(held, said(&seat)).fact("activation", activation_id.to_string());
        self.record(tx, actor, "activation.answer_again", subject(known.license.id), entry).await?;
        let created = seat.generation == 1;
        let chain = self.chain_of(tx, activation_id).await?;
        let granted = Granted {
            claims: known.claims,
            cluster_id: activation.cluster_id.clone(),
            fingerprint: activation.fingerprint.clone(),
            seat,
            terms,
            token_version,
            at: now,
        };
        Ok(Ok(Taken { created, activation, granted, chain }))
    }

    /// A live seat of the same cluster id: reclaimed by its holder, or taken over so many times a day.
    #[expect(clippy::too_many_arguments, reason = "the one rule that looks at everything")]
    async fn take_over(
        &self,
        tx: &mut dyn Transaction,
        known: &mut Known,
        plan: &Plan,
        activation: &Activation,
        seat: &Seat,
        request: &Request,
        actor: &Actor,
    ) -> Result<Result<(), Denied>, AuthorityError> {
        let now = self.clock().now();
        let id = known.license.id;
        // The nonce stands for the generation where the answer that brought it was lost.
        let holder = request.generation == Some(seat.generation)
            || request.nonce == seat.nonce
            || same_machine(request.fingerprint.as_deref(), activation.fingerprint.as_deref());
        if holder {
            return Ok(Ok(()));
        }
        let today = tx.takeovers_since(activation.id, now.saturating_sub(24 * 3600)).await?;
        let entry = Entry::new()
            .fact("activation", activation.id.to_string())
            .fact("takeovers_today", today)
            .personal("cluster_id", Some(&activation.cluster_id))
            .personal("hostname", request.hostname.as_deref());
        if today < plan.takeovers_per_day {
            tx.insert_takeover(activation.id, now).await?;
            let entry = entry.fact("before", today).fact("after", today.saturating_add(1));
            self.announce(tx, actor, "activation.taken_over", id, entry).await?;
            return Ok(Ok(()));
        }
        self.clone_detected(tx, known, plan, entry, actor).await?;
        let denied = Denied::new(Code::ClusterInUse)
            .of(id)
            .because(format!("This cluster id was taken over {today} times within a day."));
        Ok(Err(denied))
    }

    async fn remember(
        &self,
        tx: &mut dyn Transaction,
        before: Option<Activation>,
        known: &Known,
        request: &Request,
        carried: Option<String>,
        now: i64,
    ) -> Result<Activation, AuthorityError> {
        let new = before.is_none();
        let mut activation = before.unwrap_or_else(|| Activation {
            id: self.uuid(),
            license_id: known.license.id,
            cluster_id: request.cluster_id.clone(),
            hostname: None,
            addresses: Vec::new(),
            fingerprint: None,
            email: None,
            organization: None,
            terms_accepted_at: None,
            artifacts_digest: None,
            salt: self.random().bytes::<16>().to_vec(),
            record: None,
            carried: None,
            created_at: now,
            activated_at: now,
        });
        activation.hostname.clone_from(&request.hostname);
        activation.addresses.clone_from(&request.addresses);
        activation.fingerprint.clone_from(&request.fingerprint);
        activation.artifacts_digest.clone_from(&request.artifacts_digest);
        activation.record = Some(known.license.jti);
        activation.activated_at = now;
        activation.carried = carried;
        // Told once at set-up; a later activation without them does not forget them.
        if request.email.is_some() {
            activation.email.clone_from(&request.email);
        }
        if request.organization_name.is_some() {
            activation.organization.clone_from(&request.organization_name);
        }
        if let Some(accepted) = request.terms_accepted_at {
            activation.terms_accepted_at = Some(accepted.as_second());
        }
        if new {
            tx.insert_activation(&activation).await?;
        } else {
            tx.update_activation(&activation).await?;
        }
        Ok(activation)
    }

    fn answer(
        &self,
        Taken { created, activation, granted, chain }: Taken,
        token: &Secret<String>,
    ) -> Result<Activated, AuthorityError> {
        let lease = self.lease(&granted)?;
        let holder = granted.holder();
        let proof = self.proof(&activation, &granted)?;
        let Granted { claims, seat, terms, .. } = granted;
        let salt = salt_text(&activation);
        let answer = Answer {
            activation_id: activation.id,
            access_token: token.expose().clone(),
            token_expires_at: timestamp(seat.token_issued_at.saturating_add(TOKEN_LIFE_S)),
            token_version: granted.token_version,
            cluster_id: activation.cluster_id,
            license: claims.token().to_owned(),
            license_type: claims.tier.to_lowercase(),
            tier: claims.tier.to_string(),
            features: feature_names(&claims),
            limits: named_limits(&claims),
            max_nodes: claims.nodes,
            expires_at: claims.exp.map(timestamp),
            heartbeat_interval_s: terms.heartbeat_s.into(),
            grace_s: terms.grace_s.into(),
            server_nonce: seat.server_nonce,
            salt,
            lease,
            activation_proof: proof,
            chain: Some(chain),
        };
        Ok(Activated { created, answer, holder })
    }

    /// The activation proof.
    pub(super) fn proof(
        &self,
        activation: &Activation,
        granted: &Granted,
    ) -> Result<String, AuthorityError> {
        self.sign(&ActivationProof {
            iss: self.issuer().to_owned(),
            sub: granted.claims.sub.to_string(),
            aud: granted.claims.aud.to_string(),
            iat: granted.at,
            act: activation.id.to_string(),
            cluster_id: activation.cluster_id.clone(),
            fingerprint: activation.fingerprint.clone(),
            artifacts: activation.artifacts_digest.clone(),
        })
    }

    /// The keyed hash by which an access token is found.
    pub(crate) fn token_hash(&self, token: &str) -> [u8; 32] {
        self.master().hash("access token", token.as_bytes())
    }
}

/// The salt of the chain of actions as products are told, which is how it counts in the key.
pub(crate) fn salt_text(activation: &Activation) -> String {
    Base64UrlUnpadded::encode_string(&activation.salt)
}

/// Whether both texts name one machine: the same words, or fingerprints with enough components in common.
fn same_machine(one: Option<&str>, other: Option<&str>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    one == other
        || match (one.parse::<Fingerprint>(), other.parse::<Fingerprint>()) {
            (Ok(one), Ok(other)) => one.is_same_machine(&other),
            _ => false,
        }
}

pub(super) fn check(request: &Request) -> Result<(), Denied> {
    text("cluster_id", &request.cluster_id, 1, 128)?;
    check_nonce(&request.nonce)?;
    for (field, value, most) in [
        ("product", &request.product, 64),
        ("email", &request.email, 254),
        ("organization_name", &request.organization_name, 200),
        ("fingerprint", &request.fingerprint, MAX_FINGERPRINT),
        ("hostname", &request.hostname, 255),
        ("artifacts_digest", &request.artifacts_digest, 128),
    ] {
        if let Some(value) = value {
            text(field, value, 1, most)?;
        }
    }
    if request.addresses.len() > 32 {
        return Err(Denied::malformed("`addresses` holds more than 32 entries."));
    }
    request.addresses.iter().try_for_each(|address| text("addresses", address, 1, 64))
}

/// A client's nonce: 8 to 128 printable ASCII characters.
pub(crate) fn check_nonce(nonce: &str) -> Result<(), Denied> {
    if (8..=128).contains(&nonce.len()) && nonce.bytes().all(|b| b.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(Denied::malformed("`nonce` must be 8 to 128 printable ASCII characters."))
    }
}

/// Text without control characters, of a bounded length.
pub(crate) fn text(field: &str, value: &str, least: usize, most: usize) -> Result<(), Denied> {
    let length = value.chars().count();
    if length < least || length > most || value.chars().any(char::is_control) {
        return Err(Denied::malformed(format!(
            "`{field}` must be {least} to {most} characters without control characters."
        )));
    }
    Ok(())
}
