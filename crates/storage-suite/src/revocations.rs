//! Revocations by key id, and published lists.

use licentia_model::{LicenseKey, PublishedList, Revocation, RevocationSource};
use uuid::Uuid;

use crate::Backend;
use crate::fixtures::{change, id, licensed};
use crate::license_keys::key;

fn revoked(key_id: &str) -> Revocation {
    Revocation {
        key_id: key_id.into(),
        at: 5,
        reason: "leaked".into(),
        comment: Some("2015-03-31 12:31 (key posted online) ü".into()),
        grace_until: Some(i64::MAX),
        source: RevocationSource::Text,
        missing_since: None,
        lifted_at: None,
    }
}

/// Inserted, replaced, walked in the order of bytes.
pub async fn a_revocation_is_put_and_replaced(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        assert_eq!(tx.revocation("daS7y8sioiecYy").await?, None);
        for key_id in ["daS7y8sioiecYy", "b", "B", "_", "0"] {
            tx.put_revocation(&revoked(key_id)).await?;
        }
        let lifted = Revocation {
            source: RevocationSource::Operator,
            comment: None,
            grace_until: None,
            missing_since: Some(6),
            lifted_at: Some(7),
            ..revoked("b")
        };
        tx.put_revocation(&lifted).await?;
        assert_eq!(tx.revocation("b").await?, Some(lifted));
        assert_eq!(tx.revocation("B").await?, Some(revoked("B")));
        let mut seen: Vec<String> = Vec::new();
        loop {
            let after = seen.last().cloned().unwrap_or_default();
            let page = tx.revocations_after(&after, 2).await?;
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(|revocation| revocation.key_id));
        }
        assert_eq!(seen, ["0", "B", "_", "b", "daS7y8sioiecYy"]);
        Ok(())
    })
    .unwrap();
}

/// Only those that were voided, in their order.
pub async fn voided_keys_are_walked(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        for number in 21..=24 {
            tx.insert_license_key(&LicenseKey { license_id: license.id, ..key(number) }).await?;
        }
        tx.void_license_keys(license.id, [id(22), id(23)], 9).await?;
        assert!(tx.void_license_key(id(23), 9).await?);
        assert!(!tx.void_license_key(id(23), 10).await?, "once");
        let voided = tx.voided_keys_after(Uuid::nil(), 2).await?;
        assert_eq!(voided.len(), 2);
        let after = voided[1].0;
        let mut all = voided;
        all.extend(tx.voided_keys_after(after, 100).await?);
        let keys: Vec<Uuid> = all.iter().map(|(jti, _)| *jti).collect();
        for number in [21, 23, 24] {
            assert!(keys.contains(&id(number)), "{number}");
        }
        assert!(!keys.contains(&id(22)));
        assert!(keys.is_sorted() && all.iter().all(|(_, at)| *at == 9));
        Ok(())
    })
    .unwrap();
}

/// Compare and swap: whoever did not see the last list replaces nothing.
pub async fn a_list_is_published_by_whoever_saw_the_last_one(backend: &impl Backend) {
    let store = backend.open().await;
    let list = |seq| PublishedList {
        seq,
        signed_at: 1,
        expires_at: 2,
        document: format!("{{\"seq\":{seq}}}"),
    };
    change!(store, |tx| {
        assert_eq!(tx.published_list("revocations").await?, None);
        assert!(!tx.publish_list("revocations", Some(1), &list(2)).await?, "there is none");
        assert!(tx.publish_list("revocations", None, &list(1)).await?);
        assert!(!tx.publish_list("revocations", None, &list(2)).await?, "there is one");
        assert!(tx.publish_list("revocations", Some(1), &list(3)).await?);
        assert!(!tx.publish_list("revocations", Some(1), &list(4)).await?, "it is another one");
        assert_eq!(tx.published_list("revocations").await?, Some(list(3)));
        assert_eq!(tx.published_mark("revocations").await?, Some((3, 1, 2)));
        assert!(tx.publish_list("status/1", None, &list(3)).await?, "each name has its own");
        Ok(())
    })
    .unwrap();
}
