//! Air-gapped activation: what a machine without network asks, carried here by somebody, the answer that is carried
//! back, and the proof that its seat was given back.

use licentia_license::key::PublicKey;
use licentia_license::offline::{ActivationFile, OfflineLease, OfflineRequest, OfflineReturn};
use licentia_license::revocations::{RevocationList, compact};
use licentia_license::scheme::short::ShortKey;
use licentia_license::typed::{REQUEST, TypedLease, parse_word, request_of};
use licentia_license::{Document, Invalid};
use licentia_model::{Activation, Plan};
use licentia_protocol::activate::Request as Activate;
use licentia_protocol::offline::{Answer, Request};
use licentia_protocol::{Code, Problem};
use licentia_storage::Transaction;
use uuid::Uuid;

use super::activate::Taken;
use crate::audit::{Actor, Entry, PRODUCT};
use crate::authority::Authority;
use crate::credential::subject;
use crate::denied::{Asker, Denied, failure};
use crate::error::AuthorityError;
use crate::idempotency::Caller;
use crate::seats::{said, timestamp};
use crate::secrets::{ACCESS_TOKEN, token};

/// How long a machine without network holds its seat where the plan does not say, in seconds.
const TERM_S: u32 = 30 * 24 * 3600;
/// What of a list still fits beside the rest into a file of 256 KiB, in bytes.
const CARRIED: usize = 200 * 1024;

/// How a machine without network comes by its lease.
pub(super) struct Carried {
    /// By whose word the seat comes back: see [`Activation::carried`].
    pub(super) by: String,
    /// The lease is typed: its end is a full hour.
    pub(super) typed: bool,
}

impl Carried {
    /// How long the seat is held from now on, in seconds.
    pub(super) fn term_s(&self, plan: &Plan, now: i64) -> u32 {
        let term = plan.offline_s.unwrap_or(TERM_S);
        if !self.typed {
            return term;
        }
        let next = TypedLease::hour(now).saturating_add(3_600);
        let end = TypedLease::hour(now.saturating_add(i64::from(term))).max(next);
        u32::try_from(end.saturating_sub(now)).unwrap_or(0)
    }
}

/// What was brought.
enum Brought {
    Request(Box<OfflineRequest>),
    Return(Box<OfflineReturn>),
    /// A typed request or the word that gives the seat back, with the licence key.
    Word(ShortKey, String),
}

fn read(request: Request) -> Result<Brought, Denied> {
    let kid_is_good = |jwk| PublicKey::from_jwk(jwk).is_ok();
    match (request.document, request.code, request.license_key) {
        (Some(document), None, None) => {
            let document = document.trim();
            match OfflineRequest::open(document) {
                Ok(asked) if kid_is_good(&asked.jwk) => {
                    Ok(Brought::Request(Box::new(asked.claims().clone())))
                }
                _ => OfflineReturn::open(document)
                    .map(|returned| Brought::Return(Box::new(returned.claims().clone())))
                    .map_err(|why| Denied::malformed(format!("`document`: {why}."))),
            }
        }
        (None, Some(code), Some(license_key)) => parse_word(&code)
            .map(|word| Brought::Word(word, license_key))
            .map_err(|why| Denied::malformed(format!("`code`: {why}."))),
        _ => Err(Denied::malformed("Send `document`, or `code` and `license_key`.")),
    }
}

impl Authority {
    /// `POST /v1/license/offline`: a request, or the proof that a seat was given back.
    pub async fn offline(&self, request: Request, caller: Caller) -> Result<Answer, Problem> {
        let actor = Actor::new(PRODUCT, caller.origin);
        let nobody = Asker { nonce: None, cluster_id: None };
        match read(request).map_err(|denied| self.refuse(denied, &nobody))? {
            Brought::Request(asked) => self.activate_by_file(*asked, actor).await,
            Brought::Return(returned) => {
                let by = PublicKey::from_jwk(&returned.jwk).map(|key| key.kid().to_owned());
                let activation = Uuid::parse_str(&returned.act).unwrap_or_default();
                self.given_back(Holder::Activation(activation), by.unwrap_or_default(), actor).await
            }
            Brought::Word(word, key) if word.prefix() == REQUEST => {
                self.activate_by_word(&word, key, actor).await
            }
            Brought::Word(word, key) => self.given_back_by_word(&word, key, actor).await,
        }
    }

    async fn activate_by_file(
        &self,
        asked: OfflineRequest,
        actor: Actor,
    ) -> Result<Answer, Problem> {
        let by = PublicKey::from_jwk(&asked.jwk).map(|key| key.kid().to_owned());
        let carried = Carried { by: by.unwrap_or_default(), typed: false };
        let request = Activate {
            license_key: asked.license_key,
            product: Some(asked.aud),
            cluster_id: asked.cluster_id,
            nonce: asked.nonce,
            fingerprint: asked.fingerprint,
            ..Activate::default()
        };
        let taken = self.take_carried(request, carried, actor).await?;
        let list = self.published_revocations().await.map_err(|e| failure(&e))?;
        let revocations = list
            .filter(|list| list.document.len() <= CARRIED)
            .and_then(|list| compact::<RevocationList>(&list.document).ok());
        let file = self.activation_file(&taken, revocations).map_err(|e| failure(&e))?;
        Ok(Answer {
            activation: Some(file.to_string()),
            brief: Some(file.brief().to_string()),
            ..answer(&taken)
        })
    }

    fn activation_file(
        &self,
        taken: &Taken,
        revocations: Option<String>,
    ) -> Result<ActivationFile, AuthorityError> {
        let mut lease = self.lease_claims(&taken.granted, self.newest_list());
        // There is nobody to ask before.
        lease.next_at = lease.exp;
        Ok(ActivationFile {
            lease: self.sign(&OfflineLease(lease))?,
            license: taken.granted.claims.token().to_owned(),
            proof: self.proof(&taken.activation, &taken.granted)?,
            keyset: self.trust().keyset_token().map(str::to_owned),
            revocations,
        })
    }

    /// The request stands for the cluster: it is the hash of a secret of this machine.
    async fn activate_by_word(
        &self,
        word: &ShortKey,
        license_key: String,
        actor: Actor,
    ) -> Result<Answer, Problem> {
        let request = word.to_string();
        let carried = Carried { by: request.clone(), typed: true };
        let asked = Activate {
            license_key,
            cluster_id: request.clone(),
            nonce: request,
            ..Activate::default()
        };
        let taken = self.take_carried(asked, carried, actor).await?;
        let typed = self.typed_answer(&taken).map_err(|e| failure(&e))?;
        Ok(Answer { typed: Some(typed), ..answer(&taken) })
    }

    fn typed_answer(&self, taken: &Taken) -> Result<String, AuthorityError> {
        let claims = &taken.granted.claims;
        let lease = TypedLease {
            iss: self.issuer().to_owned(),
            sub: claims.sub.to_string(),
            aud: claims.aud.to_string(),
            iat: TypedLease::hour(taken.granted.at),
            exp: TypedLease::hour(taken.granted.seat.lease_until),
            request: taken.activation.cluster_id.clone(),
        };
        let unfit = |why: Invalid| AuthorityError::Keys(why.to_string());
        let keyring = self.keyring();
        let signer = keyring.signer(TypedLease::PURPOSE)?;
        let signature = signer
            .sign(lease.signing_input().map_err(unfit)?.as_bytes())
            .map_err(|error| AuthorityError::Keys(error.to_string()))?;
        lease.answer(&signature).map_err(unfit)
    }

    /// Takes the seat. When the request was made is for nobody to judge: the clock of such a machine may be dead.
    async fn take_carried(
        &self,
        request: Activate,
        carried: Carried,
        actor: Actor,
    ) -> Result<Taken, Problem> {
        let (cluster_id, nonce) = (request.cluster_id.clone(), request.nonce.clone());
        let asker = Asker { nonce: Some(&nonce), cluster_id: Some(&cluster_id) };
        super::activate::check(&request).map_err(|denied| self.refuse(denied, &asker))?;
        // Nobody gets it: the machine has no way to use one.
        let token_hash = self.token_hash(token(ACCESS_TOKEN, self.random()).expose());
        self.write(move |this, tx| {
            Box::pin(async move {
                this.grant(tx, request, None, token_hash, Some(carried), &actor).await
            })
        })
        .await
        .map_err(|e| failure(&e))?
        .map_err(|denied| self.refuse(denied, &asker))
    }

    async fn given_back_by_word(
        &self,
        word: &ShortKey,
        key: String,
        actor: Actor,
    ) -> Result<Answer, Problem> {
        let by = request_of(word).to_string();
        self.given_back(Holder::Typed(key), by, actor).await
    }

    /// Gives the seat back on the word of the machine that holds it; a second time too.
    async fn given_back(
        &self,
        holder: Holder,
        by: String,
        actor: Actor,
    ) -> Result<Answer, Problem> {
        let nobody = Asker { nonce: None, cluster_id: None };
        let activation_id = self
            .write(move |this, tx| {
                Box::pin(async move {
                    let found = match holder {
                        Holder::Activation(id) => tx.activation(id).await?,
                        Holder::Typed(key) => match this.license_of_key(tx, &key).await? {
                            Ok(license) => tx.activation_of_cluster(license, &by).await?,
                            Err(denied) => return Ok(Err(denied)),
                        },
                    };
                    let ours = |found: &Activation| found.carried.as_deref() == Some(by.as_str());
                    let Some(activation) = found.filter(ours) else {
                        return Ok(Err(Denied::new(Code::NotTheHolder)));
                    };
                    this.take_back(tx, &activation, &actor).await?;
                    Ok(Ok(activation.id))
                })
            })
            .await
            .map_err(|e| failure(&e))?
            .map_err(|denied| self.refuse(denied, &nobody))?;
        Ok(Answer { activation_id, lease_until: None, activation: None, brief: None, typed: None })
    }

    async fn take_back(
        &self,
        tx: &mut dyn Transaction,
        activation: &Activation,
        actor: &Actor,
    ) -> Result<(), AuthorityError> {
        tx.lock_license(activation.license_id).await?;
        let Some(mut seat) = tx.seat(activation.id).await? else { return Ok(()) };
        if seat.lease_until == 0 {
            return Ok(());
        }
        let before = said(&seat);
        seat.lease_until = 0;
        tx.put_seat(&seat).await?;
        let entry = Entry::change(before, said(&seat))
            .fact("activation", activation.id.to_string())
            .personal("cluster_id", Some(&activation.cluster_id));
        self.record(tx, actor, "activation.return", subject(activation.license_id), entry).await
    }
}

/// Who says that the seat is given back.
enum Holder {
    /// The machine that was activated by a file.
    Activation(Uuid),
    /// The one that the secret is of, which was typed with this licence key.
    Typed(String),
}

fn answer(taken: &Taken) -> Answer {
    Answer {
        activation_id: taken.activation.id,
        lease_until: Some(timestamp(taken.granted.seat.lease_until)),
        activation: None,
        brief: None,
        typed: None,
    }
}
