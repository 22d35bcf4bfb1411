//! Key rotation with nobody locked out: `next` is published before it signs, `previous` verifies after it
//! has signed, `retired` only once nothing depends on it. Every step is a keyset that a root signs.

use std::sync::Arc;

use licentia_issue::PrivateKey;
use licentia_issue::keyfile::ReadOptions;
use licentia_issue::signer::{Ed25519Signer, RsaBits, RsaSigner, Signer, SignerError};
use licentia_license::Trust;
use licentia_license::key::Algorithm;
use licentia_license::keyset::{KeyEntry, KeyState, Keyset, Purpose};
use licentia_model::{EventKind, SigningKey};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use serde_json::Map;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::keyring::{KEYSET, public, roots, sealed_row};
use crate::keys::view;

/// How long after its succession a replica that has not heard of it yet may still sign, in seconds.
const SUCCESSION_S: i64 = 300;

/// Which key a rotation brings in, where none is published yet.
pub enum NewKey {
    /// A new Ed25519 key.
    Ed25519,
    /// A new RSA key of 2048 bits.
    Rsa2048,
    /// A new RSA key of 3072 bits.
    Rsa3072,
    /// A new RSA key of 4096 bits.
    Rsa4096,
    /// A key that was made elsewhere.
    Given(Box<PrivateKey>),
}

/// A root's private key, brought along for the one step that needs it.
pub type Root = Arc<dyn Signer>;

impl Authority {
    /// The root's private key, where it is kept in the authority's own folder.
    pub fn root_at_hand(&self) -> Result<Root, AuthorityError> {
        let path = self.parts().folder.as_ref().map(|folder| folder.join("root.private.pem"));
        let away = AuthorityError::NotAllowed {
            what: "keyset",
            action: "signed here",
            state: "signed by a root that is kept elsewhere; use the command line with `--root`",
        };
        let Some(path) = path.filter(|path| path.exists()) else { return Err(away) };
        let key = licentia_issue::keyfile::read_signer(&path, &ReadOptions::default());
        Ok(Arc::new(key.map_err(|e| AuthorityError::Keys(e.to_string()))?))
    }

    /// The next step of a rotation: publishes a `next` key, or puts the one that is published to work and
    /// makes the active one `previous`. `at_once` does both.
    pub async fn rotate_key(
        &self,
        purpose: Purpose,
        key: NewKey,
        at_once: bool,
        root: Root,
        ask: impl Into<Ask> + Send,
    ) -> Result<Vec<resource::SigningKey>, AuthorityError> {
        let ask = ask.into();
        if matches!(purpose, Purpose::Root | Purpose::Unknown) {
            return Err(AuthorityError::Invalid {
                field: "purpose",
                problem:
                    "a root is rotated by a new build; choose an online purpose such as `license`"
                        .into(),
            });
        }
        // Where one is published already, none is made.
        let mut new = match self.has_next(purpose).await? {
            true => None,
            false => Some(self.new_key(key, purpose).await?),
        };
        self.change_keys("key.rotate", root, ask, move |this, keys| {
            if !keys.iter().any(|key| is(key, purpose, KeyState::Next)) {
                // Somebody else put it to work in between.
                let next = new.take().ok_or(AuthorityError::Changed)?;
                if keys.iter().any(|known| known.kid == next.kid) {
                    return Err(AuthorityError::Invalid {
                        field: "key",
                        problem: "this key is known already; a key lives once".into(),
                    });
                }
                keys.push(next);
                if !at_once {
                    return Ok(());
                }
            }
            this.succeed(keys, purpose, KeyState::Previous);
            Ok(())
        })
        .await
    }

    /// A key that verifies no more. Refused while something that it signed is still in force.
    pub async fn retire_key(
        &self,
        kid: String,
        root: Root,
        ask: impl Into<Ask> + Send,
    ) -> Result<Vec<resource::SigningKey>, AuthorityError> {
        let ask = ask.into();
        let depend = kid.clone();
        let now = self.clock().now();
        let blocked = self
            .read(move |_, tx| {
                Box::pin(async move {
                    let mut longest = 0;
                    for product in tx.products().await? {
                        let plans = tx.plans(product.id).await?;
                        let graces =
                            plans.iter().map(|plan| plan.grace_s.unwrap_or(product.grace_s));
                        longest = graces.chain([longest]).max().unwrap_or_default();
                    }
                    let licenses = tx.licenses_signed_by(&depend, now, None, 1).await?;
                    Ok((!licenses.is_empty(), i64::from(longest)))
                })
            })
            .await?;
        self.change_keys("key.retire", root, ask, move |_, keys| {
            let key = find(keys, &kid)?;
            let refused = |state| Err(AuthorityError::NotAllowed { what: "key", action: "retired", state });
            match key.state {
                KeyState::Active => return refused("active"),
                KeyState::Retired => return refused("retired"),
                _ => {}
            }
            if blocked.0 {
                return refused("the signer of licences that are in force; `license reissue --signed-by` moves them");
            }
            let leases_end = key.not_after.map(|signed| signed.saturating_add(blocked.1));
            if key.purposes.contains(&Purpose::Lease) && leases_end.is_some_and(|end| now < end) {
                return refused("the signer of leases that still run; wait for one grace");
            }
            key.state = KeyState::Retired;
            Ok(())
        })
        .await
    }

    /// A key that somebody else has. What it signed is refused from the next keyset on; customers with a key
    /// of ours get a new one at the next contact. If it was active, a successor signs at once.
    pub async fn compromise_key(
        &self,
        kid: String,
        root: Root,
        ask: impl Into<Ask> + Send,
    ) -> Result<Vec<resource::SigningKey>, AuthorityError> {
        let ask = ask.into();
        let mut successors = self.successors(&kid).await?;
        self.change_keys("key.compromise", root, ask, move |this, keys| {
            let key = find(keys, &kid)?;
            if key.state == KeyState::Compromised {
                return Err(AuthorityError::NotAllowed {
                    what: "key",
                    action: "marked as compromised",
                    state: "compromised",
                });
            }
            let was = std::mem::replace(&mut key.state, KeyState::Compromised);
            if was == KeyState::Active {
                for purpose in key.purposes.clone() {
                    if !keys.iter().any(|key| is(key, purpose, KeyState::Next)) {
                        let of = |key: &SigningKey| key.purposes.contains(&purpose);
                        let place = successors.iter().position(of);
                        // It began to sign, or its successor did, in between.
                        let place = place.ok_or(AuthorityError::Changed)?;
                        keys.push(successors.swap_remove(place));
                    }
                    this.succeed(keys, purpose, KeyState::Compromised);
                }
            }
            Ok(())
        })
        .await
    }

    /// Changes the keys, signs and publishes the new keyset, and tells everybody, in one transaction.
    async fn change_keys<F>(
        &self,
        action: &'static str,
        root: Root,
        ask: Ask,
        change: F,
    ) -> Result<Vec<resource::SigningKey>, AuthorityError>
    where
        F: FnOnce(&Self, &mut Vec<SigningKey>) -> Result<(), AuthorityError> + Send + 'static,
    {
        let keys = self
            .carry_out_and_keep(ask, move |this, tx, ask| {
                Box::pin(async move {
                    // One change of keys after the other, each on the keyset of the one before.
                    tx.lock_audit_head().await?;
                    let before = tx.signing_keys().await?;
                    let mut keys = before.clone();
                    change(&this, &mut keys)?;
                    let (mut was, mut is) = (Map::new(), Map::new());
                    for key in &keys {
                        let old = before.iter().find(|old| old.kid == key.kid);
                        match old {
                            None => tx.insert_signing_key(key).await?,
                            Some(old) if old != key => tx.update_signing_key(key).await?,
                            Some(_) => continue,
                        }
                        was.insert(key.kid.clone(), old.map(|old| old.state.as_str()).into());
                        is.insert(key.kid.clone(), key.state.as_str().into());
                    }
                    let version = this.publish(tx, &keys, &*root).await?;
                    let entry = Entry::change(was, is).fact("keyset_version", version);
                    this.record(tx, &ask.actor, action, "keys".into(), entry).await?;
                    Ok(keys.into_iter().map(view).collect())
                })
            })
            .await?;
        self.refresh_keys().await?;
        Ok(keys)
    }

    async fn publish(
        &self,
        tx: &mut dyn Transaction,
        keys: &[SigningKey],
        root: &dyn Signer,
    ) -> Result<u64, AuthorityError> {
        let roots = roots(keys)?;
        if !roots.contains(root.public_key()) {
            return Err(AuthorityError::Invalid {
                field: "root",
                problem: "this private key is not that of a root of this authority".into(),
            });
        }
        let mut trust = Trust::new(roots);
        if let Some(last) = tx.setting(KEYSET).await? {
            trust.accept_keyset(&last).map_err(|e| {
                AuthorityError::Keys(format!("the stored keyset does not verify: {e}"))
            })?;
        }
        let version = trust.keyset_version().unwrap_or_default() + 1;
        let mut entries = Vec::new();
        for key in keys.iter().filter(|key| !key.purposes.contains(&Purpose::Root)) {
            entries.push(KeyEntry {
                jwk: public(key)?.to_jwk(),
                purposes: key.purposes.clone(),
                state: key.state,
                not_before: key.not_before,
                not_after: key.not_after,
            });
        }
        let now = self.clock().now();
        let keyset =
            Keyset { iss: self.issuer().to_owned(), iat: now, exp: None, version, keys: entries };
        tx.put_setting(KEYSET, &licentia_issue::sign::sign(&keyset, root)?).await?;
        tx.insert_event(None, EventKind::Keyset, now).await?;
        Ok(version)
    }

    async fn has_next(&self, purpose: Purpose) -> Result<bool, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let keys = tx.signing_keys().await?;
                Ok(keys.iter().any(|key| is(key, purpose, KeyState::Next)))
            })
        })
        .await
    }

    /// What takes the place of a key that signs, one for each of its purposes that has no `next` yet.
    async fn successors(&self, kid: &str) -> Result<Vec<SigningKey>, AuthorityError> {
        let keys = self.read(|_, tx| Box::pin(async move { Ok(tx.signing_keys().await?) })).await?;
        let mut made = Vec::new();
        for key in keys.iter().filter(|key| key.kid == kid && key.state == KeyState::Active) {
            let algorithm = public(key)?.algorithm();
            for purpose in key.purposes.iter().copied() {
                if !keys.iter().any(|key| is(key, purpose, KeyState::Next)) {
                    made.push(self.new_key(successor(purpose, algorithm), purpose).await?);
                }
            }
        }
        Ok(made)
    }

    /// Makes a key. An RSA key takes its time, on a thread where nobody waits for it, and never within a transaction.
    async fn new_key(&self, key: NewKey, purpose: Purpose) -> Result<SigningKey, AuthorityError> {
        let refused = |e: SignerError| AuthorityError::Keys(e.to_string());
        let rsa = async |bits| {
            let made = tokio::task::spawn_blocking(move || RsaSigner::generate(bits)).await;
            let made = made.map_err(|_| AuthorityError::Keys("no key was made".into()))?;
            made.map(PrivateKey::from).map_err(refused)
        };
        let key = match key {
            NewKey::Ed25519 => {
                Ed25519Signer::from_seed(self.random().bytes()).map_err(refused)?.into()
            }
            NewKey::Rsa2048 => rsa(RsaBits::B2048).await?,
            NewKey::Rsa3072 => rsa(RsaBits::B3072).await?,
            NewKey::Rsa4096 => rsa(RsaBits::B4096).await?,
            NewKey::Given(key) => *key,
        };
        sealed_row(self.parts(), &key, purpose, KeyState::Next)
    }

    /// `next` becomes active, what was active becomes `former`.
    fn succeed(&self, keys: &mut [SigningKey], purpose: Purpose, former: KeyState) {
        let ends = self.clock().now().saturating_add(SUCCESSION_S);
        let algorithm = |key: &SigningKey| public(key).ok().map(|public| public.algorithm());
        let next: Vec<_> =
            keys.iter().filter(|key| is(key, purpose, KeyState::Next)).map(algorithm).collect();
        for key in keys.iter_mut().filter(|key| key.purposes.contains(&purpose)) {
            match key.state {
                // Each kind of registry has a key of its own algorithm.
                KeyState::Active
                    if purpose == Purpose::Registry && !next.contains(&algorithm(key)) => {}
                KeyState::Active => {
                    key.state = former;
                    key.not_after = Some(ends);
                }
                KeyState::Next => key.state = KeyState::Active,
                _ => {}
            }
        }
    }
}

/// What takes the place of a key that somebody else has.
fn successor(purpose: Purpose, algorithm: Algorithm) -> NewKey {
    match (purpose, algorithm) {
        (Purpose::Registry, Algorithm::Rs256) => NewKey::Rsa2048,
        _ => NewKey::Ed25519,
    }
}

fn is(key: &SigningKey, purpose: Purpose, state: KeyState) -> bool {
    key.state == state && key.purposes.contains(&purpose)
}

fn find<'a>(keys: &'a mut [SigningKey], kid: &str) -> Result<&'a mut SigningKey, AuthorityError> {
    keys.iter_mut()
        .find(|key| key.kid == kid && !key.purposes.contains(&Purpose::Root))
        .ok_or_else(|| AuthorityError::NotFound { what: "online key", name: kid.to_owned() })
}
