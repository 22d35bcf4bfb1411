//! Keys of licences.

use licentia_model::{LicenseKey, Scheme};
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, id, licensed, look};

fn key(n: u32) -> LicenseKey {
    LicenseKey {
        jti: id(n),
        license_id: id(1),
        scheme: Scheme::Jwt,
        kid: "kid".into(),
        sealed: vec![0; 4096],
        issued_at: NOW,
    }
}

/// A licence has many keys, each found by its own id, which is taken once.
pub async fn a_key_is_found_by_its_id(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        tx.insert_license_key(&key(1)).await?;
        tx.insert_license_key(&key(2)).await?;
        assert_eq!(tx.license_key(id(2)).await?, Some(key(2)));
        assert_eq!(tx.license_key(id(3)).await?, None);
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.insert_license_key(&key(1)).await);
    assert_eq!(refused, Err(StorageError::Conflict("key id".into())));
    assert_eq!(look!(store, |tx| tx.license_key(id(1)).await).unwrap(), Some(key(1)));
}
