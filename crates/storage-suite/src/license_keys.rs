//! Keys of licences.

use licentia_model::{LicenseKey, Scheme};
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, id, licensed, look};

pub(crate) fn key(n: u32) -> LicenseKey {
    LicenseKey {
        jti: id(n),
        license_id: id(1),
        scheme: Scheme::Jwt,
        kid: Some("kid".into()),
        sealed: Some(vec![0; 4096]),
        lookup: None,
        issued_at: NOW,
        voided_at: None,
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

/// A key that people type rests as its hash, and is found by it.
pub async fn an_unsigned_key_is_found_by_its_hash(backend: &impl Backend) {
    let store = backend.open().await;
    let typed = LicenseKey { kid: None, sealed: None, lookup: Some([7; 32]), ..key(1) };
    let twin = LicenseKey { jti: id(3), ..typed.clone() };
    change!(store, |tx| {
        licensed(tx).await?;
        tx.insert_license_key(&typed).await?;
        tx.insert_license_key(&key(2)).await?;
        assert_eq!(tx.license_key_by_lookup(&[7; 32]).await?, Some(typed.clone()));
        assert_eq!(tx.license_key_by_lookup(&[8; 32]).await?, None);
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.insert_license_key(&twin).await);
    assert_eq!(refused, Err(StorageError::Conflict("key".into())));
}

/// Which licences a signing key still stands behind: in force, by their record or their customer's key.
pub async fn licences_in_force_are_found_by_their_signing_key(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        let license = tx.license(id(1)).await?.unwrap();
        let signed = |jti, kid: &str| LicenseKey { jti, kid: Some(kid.into()), ..key(1) };
        tx.insert_license_key(&signed(license.jti, "record")).await?;
        tx.insert_license_key(&signed(license.key_jti, "customer")).await?;
        tx.insert_license_key(&signed(id(9), "superseded")).await?;
        for (kid, expected) in
            [("record", vec![id(1)]), ("customer", vec![id(1)]), ("superseded", Vec::new())]
        {
            assert_eq!(tx.licenses_signed_by(kid, NOW, None, 10).await?, expected, "{kid}");
        }
        assert_eq!(
            tx.licenses_signed_by("record", NOW, Some(id(1)), 10).await?,
            Vec::<uuid::Uuid>::new()
        );
        assert_eq!(tx.licenses_signed_by("record", NOW, None, 0).await?, Vec::<uuid::Uuid>::new());
        let ended = licentia_model::License { expires_at: Some(NOW), ..license };
        tx.update_license(&ended).await?;
        assert_eq!(tx.licenses_signed_by("record", NOW, None, 10).await?, Vec::<uuid::Uuid>::new());
        Ok(())
    })
    .unwrap();
}

/// After a transfer only the keys from then on count; what was voided before keeps its time.
pub async fn keys_of_a_license_are_voided_but_for_two(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        let old = LicenseKey { voided_at: Some(NOW - 1), ..key(1) };
        tx.insert_license_key(&old).await?;
        for n in 2..=4 {
            tx.insert_license_key(&key(n)).await?;
        }
        assert_eq!(tx.void_license_keys(id(9), [id(3), id(4)], NOW).await?, 0);
        assert_eq!(tx.void_license_keys(id(1), [id(3), id(4)], NOW).await?, 1);
        let voided = LicenseKey { voided_at: Some(NOW), ..key(2) };
        assert_eq!(tx.license_keys(id(1)).await?, [old, voided, key(3), key(4)]);
        assert_eq!(tx.license_keys(id(9)).await?, []);
        Ok(())
    })
    .unwrap();
}
