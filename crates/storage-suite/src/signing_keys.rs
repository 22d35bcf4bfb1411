//! Signing keys.

use licentia_model::SigningKey;
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, look};

/// As a document words purposes and state; this crate does not know the licence crate.
fn key(kid: &str, purposes: &str, state: &str) -> SigningKey {
    SigningKey {
        kid: kid.into(),
        purposes: serde_json::from_str(purposes).unwrap(),
        state: serde_json::from_str(state).unwrap(),
        public_pem: "-----BEGIN PUBLIC KEY-----\n".into(),
        sealed: None,
        not_before: None,
        not_after: None,
        created_at: NOW,
    }
}

/// Oldest first, with every purpose and state; a root has no private half here.
pub async fn keys_are_listed_oldest_first(backend: &impl Backend) {
    let store = backend.open().await;
    let root = key("c", r#"["root"]"#, r#""active""#);
    let mut keys = vec![root.clone()];
    for (kid, state) in [("b", "next"), ("a", "previous"), ("d", "retired"), ("e", "compromised")] {
        let purposes = r#"["license","lease","revocation","manifest","registry","log"]"#;
        let mut key = key(kid, purposes, &format!("\"{state}\""));
        key.created_at = keys.last().unwrap().created_at + 1;
        key.sealed = Some(vec![1, 2, 3]);
        keys.push(key);
    }
    change!(store, |tx| {
        assert_eq!(tx.signing_keys().await?, []);
        for key in keys.iter().rev() {
            tx.insert_signing_key(key).await?;
        }
        assert_eq!(tx.signing_keys().await?, keys);
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.insert_signing_key(&root).await);
    assert_eq!(refused, Err(StorageError::Conflict("signing key".into())));
    assert_eq!(look!(store, |tx| tx.signing_keys().await).unwrap().len(), 5);
}

/// State and validity change, nothing else does.
pub async fn a_key_grows_older(backend: &impl Backend) {
    let store = backend.open().await;
    let new = key("a", r#"["license"]"#, r#""active""#);
    let mut old = key("a", r#"["license"]"#, r#""previous""#);
    (old.not_before, old.not_after) = (Some(NOW), Some(NOW + 1));
    change!(store, |tx| {
        tx.insert_signing_key(&new).await?;
        tx.update_signing_key(&SigningKey { public_pem: "other".into(), ..old.clone() }).await?;
        assert_eq!(tx.signing_keys().await?, [old]);
        Ok(())
    })
    .unwrap();
    let missing = key("b", r#"["license"]"#, r#""active""#);
    let refused = change!(store, |tx| tx.update_signing_key(&missing).await);
    assert_eq!(refused, Err(StorageError::Stale("signing key")));
}
