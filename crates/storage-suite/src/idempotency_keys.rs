//! Idempotency keys.

use licentia_model::IdempotencyKey;

use crate::Backend;
use crate::fixtures::{NOW, change, id, look};

fn key(n: u8, at: i64) -> IdempotencyKey {
    IdempotencyKey { scope: [n; 32], request: [n + 1; 32], result: id(n.into()), at, answer: None }
}

/// Found by its scope; a later one takes its place.
pub async fn an_idempotency_key_is_put_and_replaced(backend: &impl Backend) {
    let store = backend.open().await;
    let answer = Some(b"sealed".to_vec());
    let later = IdempotencyKey { request: [9; 32], result: id(9), answer, ..key(1, NOW + 1) };
    let put = later.clone();
    change!(store, |tx| {
        assert_eq!(tx.idempotency_key(&[1; 32]).await?, None);
        tx.put_idempotency_key(&key(1, NOW)).await?;
        tx.put_idempotency_key(&key(2, NOW)).await?;
        assert_eq!(tx.idempotency_key(&[1; 32]).await?, Some(key(1, NOW)));
        tx.put_idempotency_key(&put).await
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

/// Of two that lock the same scope the second sees what the first has done; another scope waits for nobody.
pub async fn the_same_request_waits_for_itself(backend: &impl Backend) {
    let store = backend.open().await;
    let other = backend.open().await;
    let run = |store: std::sync::Arc<dyn licentia_storage::Store>| async move {
        change!(store, |tx| {
            tx.lock_idempotency_key(&[1; 32]).await?;
            tx.lock_idempotency_key(&[1; 32]).await?;
            if tx.idempotency_key(&[1; 32]).await?.is_some() {
                return Ok(false);
            }
            tx.put_idempotency_key(&key(1, NOW)).await?;
            Ok(true)
        })
        .unwrap()
    };
    let (one, two) = tokio::join!(run(store), run(other));
    assert!(one != two, "one of them did it");
}
