//! The authority's signing keys, as operators and developers see them.

pub mod rotate;

use licentia_license::key::{Jwks, PublicKey};
use licentia_license::keyset::{KeyState, Purpose};
use licentia_model::SigningKey;
use licentia_protocol::resource;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::keyring::public;
use crate::seats::timestamp;

impl Authority {
    /// All keys, oldest first.
    pub async fn list_keys(&self) -> Result<Vec<resource::SigningKey>, AuthorityError> {
        let keys = self.read(|_, tx| Box::pin(async move { Ok(tx.signing_keys().await?) })).await?;
        Ok(keys.into_iter().map(view).collect())
    }

    /// The public keys that verify today: the active licence key first, since that is the one a stranger with a JOSE
    /// library or openssl looks for, then the other online keys, then the roots.
    pub async fn public_keys(&self) -> Result<Vec<PublicKey>, AuthorityError> {
        let mut keys =
            self.read(|_, tx| Box::pin(async move { Ok(tx.signing_keys().await?) })).await?;
        keys.retain(|key| !matches!(key.state, KeyState::Retired | KeyState::Compromised));
        keys.sort_by_key(|key| {
            let active = key.state == KeyState::Active;
            (
                key.purposes.contains(&Purpose::Root),
                !key.purposes.contains(&Purpose::License),
                !active,
            )
        });
        keys.iter().map(public).collect()
    }

    /// `/.well-known/jwks.json`: informs strangers; trust comes from roots.
    pub async fn jwks(&self) -> Result<Jwks, AuthorityError> {
        Ok(Jwks { keys: self.public_keys().await?.iter().map(PublicKey::to_jwk).collect() })
    }
}

pub(crate) fn view(key: SigningKey) -> resource::SigningKey {
    resource::SigningKey {
        alg: public(&key).map_or("unknown", |public| public.algorithm().as_str()).into(),
        kid: key.kid,
        purposes: key.purposes.iter().map(|p| p.as_str().to_owned()).collect(),
        state: key.state.as_str().to_owned(),
        created_at: timestamp(key.created_at),
    }
}
