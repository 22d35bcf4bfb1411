//! Idempotency keys.

use licentia_model::IdempotencyKey;

use crate::Backend;
use crate::fixtures::{NOW, change, id, look};

fn key(n: u8, at: i64) -> IdempotencyKey {
    IdempotencyKey { scope: [n; 32], request: [n + 1; 32], result: id(n.into()), at }
}

/// Found by its scope; a later one takes its place.
pub async fn an_idempotency_key_is_put_and_replaced(backend: &impl Backend) {
    let store = backend.open().await;
    let later = IdempotencyKey { request: [9; 32], result: id(9), ..key(1, NOW + 1) };
    change!(store, |tx| {
        assert_eq!(tx.idempotency_key(&[1; 32]).await?, None);
        tx.put_idempotency_key(&key(1, NOW)).await?;
        tx.put_idempotency_key(&key(2, NOW)).await?;
        assert_eq!(tx.idempotency_key(&[1; 32]).await?, Some(key(1, NOW)));
        tx.put_idempotency_key(&later).await
    })
    .unwrap();
    look!(store, |tx| {
        assert_eq!(tx.idempotency_key(&[1; 32]).await?, Some(later));
        assert_eq!(tx.idempotency_key(&[2; 32]).await?, Some(key(2, NOW)));
        Ok(())
    })
    .unwrap();
}

/// Pruning forgets those from before a time, and no others.
pub async fn old_idempotency_keys_are_forgotten(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.put_idempotency_key(&key(1, NOW)).await?;
        tx.put_idempotency_key(&key(2, NOW + 1)).await?;
        assert_eq!(tx.prune_idempotency_keys(NOW).await?, 0);
        assert_eq!(tx.prune_idempotency_keys(NOW + 1).await?, 1);
        assert_eq!(tx.idempotency_key(&[1; 32]).await?, None);
        assert_eq!(tx.idempotency_key(&[2; 32]).await?, Some(key(2, NOW + 1)));
        Ok(())
    })
    .unwrap();
}
