//! Events.

use licentia_model::EventKind;

use crate::Backend;
use crate::fixtures::{NOW, change, id, licensed, look};

/// Numbered in order, read from anywhere.
pub async fn events_are_read_in_order(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        assert_eq!(tx.last_event().await?, 0);
        for kind in EventKind::ALL {
            tx.insert_event(Some(id(1)), *kind, NOW).await?;
        }
        Ok(())
    })
    .unwrap();
    look!(store, |tx| {
        let events = tx.events_after(0, 100).await?;
        assert_eq!(events.iter().map(|event| event.kind).collect::<Vec<_>>(), EventKind::ALL);
        assert!(events.iter().all(|event| event.license_id == Some(id(1)) && event.at == NOW));
        assert!(events.is_sorted_by(|a, b| a.seq < b.seq));
        let last = tx.last_event().await?;
        assert_eq!(last, events.last().unwrap().seq);
        assert_eq!(tx.events_after(events[0].seq, 2).await?, events[1..3]);
        assert_eq!(tx.events_after(last, 100).await?, []);
        Ok(())
    })
    .unwrap();
}

/// An event without a licence is for all.
pub async fn an_event_may_be_for_all(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        tx.insert_event(None, EventKind::Keyset, NOW).await?;
        assert_eq!(tx.events_after(0, 10).await?[0].license_id, None);
        Ok(())
    })
    .unwrap();
}

/// Pruning forgets the old; a number is never given again.
pub async fn a_number_is_never_given_again(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        licensed(tx).await?;
        for at in [NOW, NOW + 1, NOW + 2] {
            tx.insert_event(Some(id(1)), EventKind::Changed, at).await?;
        }
        let last = tx.last_event().await?;
        assert_eq!(tx.prune_events(NOW).await?, 0);
        assert_eq!(tx.prune_events(NOW + 1).await?, 1);
        assert_eq!(tx.events_after(0, 100).await?.len(), 2);
        assert_eq!(tx.prune_events(i64::MAX).await?, 2);
        tx.insert_event(Some(id(1)), EventKind::Revoked, NOW).await?;
        assert!(tx.last_event().await? > last);
        Ok(())
    })
    .unwrap();
}
