//! The authority's own keys in memory: signers by purpose, and the trust its products are given.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::PrivateKey;
use licentia_issue::signer::Signer;
use licentia_license::key::{Algorithm, PublicKey};
use licentia_license::keyset::{KeyState, Purpose};
use licentia_license::{Invalid, License as Claims, Trust, Verified};
use licentia_model::SigningKey;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::authority::Parts;
use crate::error::AuthorityError;

pub(crate) const ISSUER: &str = "issuer";
pub(crate) const KEYSET: &str = "keyset";

/// Keys whose signatures were checked and found good; some hundred bytes each.
const CHECKED_KEYS: usize = 20_000;

/// What a licence key that verifies names.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) license_id: Uuid,
    pub(crate) jti: Uuid,
    /// Code of the product.
    pub(crate) product: String,
    /// Whether its signer is trusted today; else it counts only where it is the very one on record.
    pub(crate) trusted: bool,
}

pub(crate) struct Keyring {
    /// By the hash of their text. Good as long as these keys are: another keyring begins anew.
    checked: Mutex<HashMap<[u8; 32], Named>>,
    signers: Vec<(Purpose, PrivateKey)>,
    /// What products trust: roots and the keyset of the day.
    pub(crate) trust: Arc<Trust>,
    /// Every key there ever was: opens the authority's own sealed records, whatever became of their signer.
    pub(crate) records: Trust,
    /// The keys whose licences are good: neither retired nor compromised.
    pub(crate) stands: HashSet<String>,
    pub(crate) keyset: String,
    pub(crate) keyset_version: u64,
    /// Has the shape of a licence key and the signature of something else: checking it takes as long as any other.
    pub(crate) decoy: String,
}

/// The name under which a private key is sealed.
pub(crate) fn seal_name(kid: &str) -> String {
    format!("signing_keys/{kid}")
}

impl Keyring {
    pub(crate) async fn load(parts: &Parts) -> Result<(String, Self), AuthorityError> {
        let (issuer, keyset, keys) = licentia_storage::read(&*parts.store, |tx| {
            Box::pin(async move {
                let issuer = tx.setting(ISSUER).await?.ok_or(AuthorityError::NotInitialized)?;
                let keyset = tx.setting(KEYSET).await?.ok_or(AuthorityError::NotInitialized)?;
                Ok::<_, AuthorityError>((issuer, keyset, tx.signing_keys().await?))
            })
        })
        .await?;
        let mut signers = Vec::new();
        for key in keys.iter().filter(|key| key.state == KeyState::Active) {
            if let Some(sealed) = &key.sealed {
                for purpose in &key.purposes {
                    signers.push((*purpose, unseal(parts, key, sealed)?));
                }
            }
        }
        let mut trust = Trust::new(roots(&keys)?);
        trust
            .accept_keyset(&keyset)
            .map_err(|e| AuthorityError::Keys(format!("the stored keyset does not verify: {e}")))?;
        let records = Trust::new(keys.iter().map(public).collect::<Result<_, _>>()?);
        let stands = keys
            .iter()
            .filter(|key| !matches!(key.state, KeyState::Retired | KeyState::Compromised))
            .map(|key| key.kid.clone())
            .collect();
        let keyset_version = trust.keyset_version().unwrap_or_default();
        let mut keyring = Self {
            checked: Mutex::default(),
            signers,
            trust: Arc::new(trust),
            records,
            stands,
            keyset,
            keyset_version,
            decoy: String::new(),
        };
        if let Ok(signer) = keyring.signer(Purpose::License) {
            keyring.decoy = decoy(signer)?;
        }
        Ok((issuer, keyring))
    }

    /// Checks a licence key, whatever the time; `None` where no key of ours signed it.
    pub(crate) fn check(
        &self,
        key: &str,
        mut verify: impl FnMut(&str, &Trust) -> Result<Verified<Claims>, Invalid>,
    ) -> Option<Named> {
        let hash: [u8; 32] = Sha256::digest(key).into();
        let checked = || self.checked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(named) = checked().get(&hash) {
            return Some(named.clone());
        }
        let (claims, trusted) = match verify(key, &self.trust) {
            Ok(claims) => (claims, true),
            // A signer that fell from grace: its keys count only where they are the very ones on record.
            Err(_) => (verify(key, &self.records).ok()?, false),
        };
        let license_id = Uuid::parse_str(&claims.sub).ok()?;
        let jti = Uuid::parse_str(&claims.jti).ok()?;
        let named = Named { license_id, jti, product: claims.aud.to_string(), trusted };
        let mut checked = checked();
        if checked.len() >= CHECKED_KEYS {
            checked.clear();
        }
        checked.insert(hash, named.clone());
        Some(named)
    }

    /// The key of registry tokens of this algorithm; there is one for each kind of registry.
    pub(crate) fn registry_signer(&self, algorithm: Algorithm) -> Option<&dyn Signer> {
        self.signers
            .iter()
            .filter(|(purpose, _)| *purpose == Purpose::Registry)
            .map(|(_, signer)| signer as &dyn Signer)
            .find(|signer| signer.public_key().algorithm() == algorithm)
    }

    pub(crate) fn signer(&self, purpose: Purpose) -> Result<&dyn Signer, AuthorityError> {
        self.signers
            .iter()
            .find(|(p, _)| *p == purpose)
            .map(|(_, signer)| signer as &dyn Signer)
            .ok_or_else(|| {
                AuthorityError::Keys(format!("no active key signs for `{}`", purpose.as_str()))
            })
    }
}

/// Seals a private key into a row.
pub(crate) fn sealed_row(
    parts: &Parts,
    key: &PrivateKey,
    purpose: Purpose,
    state: KeyState,
) -> Result<SigningKey, AuthorityError> {
    let kid = key.public_key().kid().to_owned();
    let der = key.to_pkcs8().map_err(|e| AuthorityError::Keys(e.to_string()))?;
    let sealed = parts.master.seal(&seal_name(&kid), der.expose(), parts.random.bytes())?;
    Ok(SigningKey {
        kid,
        purposes: vec![purpose],
        state,
        public_pem: key.public_key().to_pem(),
        sealed: Some(sealed),
        not_before: None,
        not_after: None,
        created_at: parts.clock.now(),
    })
}

/// The public halves of the root keys.
pub(crate) fn roots(keys: &[SigningKey]) -> Result<Vec<PublicKey>, AuthorityError> {
    keys.iter().filter(|key| key.purposes.contains(&Purpose::Root)).map(public).collect()
}

/// The public half of a key.
pub(crate) fn public(key: &SigningKey) -> Result<PublicKey, AuthorityError> {
    PublicKey::from_pem(&key.public_pem).map_err(|e| unusable(key, &e))
}

pub(crate) fn unseal(
    parts: &Parts,
    key: &SigningKey,
    sealed: &[u8],
) -> Result<PrivateKey, AuthorityError> {
    let der = parts.master.open(&seal_name(&key.kid), sealed)?;
    let signer = PrivateKey::from_pkcs8(der.expose()).map_err(|e| unusable(key, &e))?;
    if signer.public_key().kid() == key.kid {
        Ok(signer)
    } else {
        Err(AuthorityError::Keys(format!("the row of the key {} holds another key", key.kid)))
    }
}

fn unusable(key: &SigningKey, error: &dyn std::error::Error) -> AuthorityError {
    AuthorityError::Keys(format!("the key {} cannot be used: {error}", key.kid))
}

fn decoy(signer: &dyn Signer) -> Result<String, AuthorityError> {
    let key = signer.public_key();
    let header =
        format!(r#"{{"alg":"{}","typ":"license+jwt","kid":"{}"}}"#, signer.algorithm(), key.kid());
    let signature =
        signer.sign(b"something else").map_err(|e| AuthorityError::Keys(e.to_string()))?;
    let part = |bytes: &[u8]| Base64UrlUnpadded::encode_string(bytes);
    Ok(format!("{}.{}.{}", part(header.as_bytes()), part(b"{}"), part(&signature)))
}
