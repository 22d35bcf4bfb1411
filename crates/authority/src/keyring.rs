//! The authority's own keys in memory: signers by purpose, and the trust its products are given.

use std::collections::HashSet;
use std::sync::Arc;

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::PrivateKey;
use licentia_issue::signer::Signer;
use licentia_license::Trust;
use licentia_license::key::PublicKey;
use licentia_license::keyset::{KeyState, Purpose};
use licentia_model::SigningKey;

use crate::authority::Parts;
use crate::error::AuthorityError;

pub(crate) const ISSUER: &str = "issuer";
pub(crate) const KEYSET: &str = "keyset";

pub(crate) struct Keyring {
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

fn unseal(parts: &Parts, key: &SigningKey, sealed: &[u8]) -> Result<PrivateKey, AuthorityError> {
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
