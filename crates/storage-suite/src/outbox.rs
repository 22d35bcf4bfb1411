//! The outbox.

use crate::Backend;
use crate::fixtures::{NOW, change, id, licensed};

/// In order, and there until it is acknowledged.
pub async fn a_message_waits_until_it_is_acknowledged(backend: &impl Backend) {
    let store = backend.open().await;
    let seqs = change!(store, |tx| {
        licensed(tx).await?;
        for (kind, sealed) in [
            ("license.issue", Some(&[0, 255][..])),
            ("license.suspend", None),
            ("license.resume", None),
        ] {
            tx.enqueue(id(1), kind, "{\"a\":1}", sealed, NOW).await?;
        }
        assert_eq!(tx.count_messages().await?, 3);
        let first = tx.messages(2).await?;
        assert_eq!(
            first.iter().map(|m| m.kind.as_str()).collect::<Vec<_>>(),
            ["license.issue", "license.suspend"]
        );
        assert!(
            first.iter().all(|m| m.license_id == id(1) && m.facts == "{\"a\":1}" && m.at == NOW)
        );
        assert_eq!((first[0].sealed.as_deref(), &first[1].sealed), (Some(&[0, 255][..]), &None));
        Ok([first[0].seq, first[1].seq])
    })
    .unwrap();
    change!(store, |tx| {
        tx.acknowledge(seqs[0]).await?;
        tx.acknowledge(seqs[0]).await?;
        let again = tx.messages(9).await?;
        assert_eq!(again.len(), 2);
        assert_eq!(again[0].seq, seqs[1]);
        assert_eq!(tx.count_messages().await?, 2);
        Ok(())
    })
    .unwrap();
}
