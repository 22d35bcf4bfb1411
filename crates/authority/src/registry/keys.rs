//! The keys of registry tokens: RSA for docker-registry 2.8, Ed25519 for version 3. Made when they are first needed.

use base64ct::{Base64, Encoding};
use licentia_issue::PrivateKey;
use licentia_issue::signer::{Ed25519Signer, RsaBits, RsaSigner, Signer};
use licentia_license::key::{Algorithm, PublicKey};
use licentia_license::keyset::{KeyState, Purpose};
use licentia_model::SigningKey;
use licentia_protocol::registry::RegistryKeys;
use sha2::{Digest, Sha256};

use super::certificate;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::base32::base32;
use crate::error::AuthorityError;
use crate::keyring::{public, sealed_row, unseal};

impl Authority {
    /// What a registry has to be told to believe our tokens.
    pub async fn registry_keys(&self) -> Result<RegistryKeys, AuthorityError> {
        self.make_registry_keys().await?;
        let keys = self.read(|_, tx| Box::pin(async move { Ok(tx.signing_keys().await?) })).await?;
        let mut told = RegistryKeys {
            issuer: self.issuer().to_owned(),
            certificates: Vec::new(),
            keys: Vec::new(),
        };
        for key in keys.iter().filter(|key| verifies(key)) {
            let public = public(key)?;
            told.keys.push(serde_json::to_value(public.to_jwk()).unwrap_or_default());
            if let (Algorithm::Rs256, Some(sealed)) = (public.algorithm(), &key.sealed) {
                let signer = unseal(self.parts(), key, sealed)?;
                told.certificates.push(pem(&certificate::of(&signer, key.created_at)?));
            }
        }
        Ok(told)
    }

    /// Makes the keys that are missing: authorities of before have none, and many never need one.
    pub(crate) async fn make_registry_keys(&self) -> Result<(), AuthorityError> {
        let has = |alg| self.keyring().registry_signer(alg).is_some();
        if has(Algorithm::Rs256) && has(Algorithm::Ed25519) {
            return Ok(());
        }
        let refused = |e: licentia_issue::signer::SignerError| AuthorityError::Keys(e.to_string());
        let rsa: PrivateKey = RsaSigner::generate(RsaBits::B2048).map_err(refused)?.into();
        let ed25519: PrivateKey =
            Ed25519Signer::from_seed(self.random().bytes()).map_err(refused)?.into();
        let mut rows = Vec::new();
        for key in [rsa, ed25519] {
            rows.push((
                key.public_key().algorithm(),
                sealed_row(self.parts(), &key, Purpose::Registry, KeyState::Active)?,
            ));
        }
        self.write(move |this, tx| {
            Box::pin(async move {
                // Of several replicas, one makes them.
                tx.lock_audit_head().await?;
                let keys = tx.signing_keys().await?;
                for (algorithm, row) in rows {
                    let there = keys.iter().any(|key| {
                        key.state == KeyState::Active
                            && key.purposes.contains(&Purpose::Registry)
                            && public(key).is_ok_and(|public| public.algorithm() == algorithm)
                    });
                    if !there {
                        tx.insert_signing_key(&row).await?;
                        let state = KeyState::Active.as_str();
                        let entry = Entry::change(serde_json::Value::Null, state)
                            .fact("purpose", "registry")
                            .fact("key", row.kid.clone());
                        let system = Actor::new("system", "local");
                        this.record(tx, &system, "key.create", "keys".into(), entry).await?;
                    }
                }
                Ok(())
            })
        })
        .await?;
        self.reload_keys().await
    }
}

fn verifies(key: &SigningKey) -> bool {
    key.purposes.contains(&Purpose::Registry)
        && !matches!(key.state, KeyState::Retired | KeyState::Compromised)
}

/// How docker-registry 2 calls a key: the fingerprint of libtrust.
pub(crate) fn libtrust_kid(key: &PublicKey) -> Result<String, AuthorityError> {
    let digest = Sha256::digest(certificate::spki(key)?);
    let letters = base32(&digest[..30]);
    let groups: Vec<&[u8]> = letters.as_bytes().chunks(4).collect();
    Ok(String::from_utf8_lossy(&groups.join(&b':')).into_owned())
}

fn pem(der: &[u8]) -> String {
    let text = Base64::encode_string(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|letter| char::from(*letter)));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_called_as_openssl_and_base32_of_coreutils_would_call_it() {
        let key = RsaSigner::generate(RsaBits::B2048).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key.pem"), key.public_key().to_pem()).unwrap();
        let said = std::process::Command::new("sh")
            .current_dir(folder.path())
            .args(["-c", "openssl pkey -pubin -in key.pem -outform der | openssl dgst -sha256 -binary | head -c30 | base32 -w0 | sed 's/..../&:/g;s/:$//'"])
            .output()
            .unwrap();
        assert_eq!(
            libtrust_kid(key.public_key()).unwrap(),
            String::from_utf8(said.stdout).unwrap().trim()
        );
    }
}
