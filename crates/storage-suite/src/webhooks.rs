//! Webhooks.

use licentia_model::Webhook;
use licentia_model::webhook::Signing;
use licentia_storage::StorageError;

use crate::Backend;
use crate::fixtures::{NOW, change, id};

fn webhook(n: u32) -> Webhook {
    Webhook {
        id: id(n),
        url: "https://example.com/hook".into(),
        description: None,
        events: Vec::new(),
        signing: Signing::V1,
        secret: vec![1, 0, 255],
        former: None,
        former_until: None,
        disabled_at: None,
        disabled_why: None,
        created_at: NOW + i64::from(n),
        updated_at: NOW,
    }
}

/// Found, listed in order, replaced but for its origin, forgotten.
pub async fn a_webhook_is_kept_changed_and_forgotten(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let full = Webhook {
            description: Some("CRM".into()),
            events: vec!["license.issued".into()],
            signing: Signing::V1a,
            former: Some(vec![7]),
            former_until: Some(NOW + 9),
            disabled_at: Some(NOW + 1),
            disabled_why: Some("410".into()),
            ..webhook(2)
        };
        tx.insert_webhook(&full).await?;
        tx.insert_webhook(&webhook(1)).await?;
        assert_eq!(tx.webhook(id(2)).await?.as_ref(), Some(&full));
        assert_eq!(tx.webhooks().await?, [webhook(1), full.clone()]);
        let changed =
            Webhook { url: "https://example.com/2".into(), secret: vec![9], ..full.clone() };
        let told = Webhook { signing: Signing::V1, created_at: 0, ..changed.clone() };
        tx.update_webhook(&told).await?;
        assert_eq!(tx.webhook(id(2)).await?, Some(changed));
        assert!(tx.delete_webhook(id(2)).await?);
        assert!(!tx.delete_webhook(id(2)).await?);
        assert_eq!(tx.webhook(id(2)).await?, None);
        Ok(())
    })
    .unwrap();
    let refused = change!(store, |tx| tx.update_webhook(&webhook(9)).await);
    assert_eq!(refused, Err(StorageError::Stale("webhook")));
}
