//! The outbox.

use crate::Backend;
use crate::fixtures::{NOW, change, id, licensed};

/// In order, to one at a time, and again where nobody acknowledged in time.
pub async fn a_message_is_claimed_until_it_is_acknowledged(backend: &impl Backend) {
    let store = backend.open().await;
    let seqs = change!(store, |tx| {
        licensed(tx).await?;
        for kind in ["license.issue", "license.suspend", "license.resume"] {
            tx.enqueue(id(1), kind, "{\"a\":1}", NOW).await?;
        }
        let first = tx.claim_messages(NOW, NOW + 60, 2).await?;
        assert_eq!(
            first.iter().map(|m| m.kind.as_str()).collect::<Vec<_>>(),
            ["license.issue", "license.suspend"]
        );
        assert!(first.iter().all(|m| {
            m.license_id == id(1) && m.facts == "{\"a\":1}" && m.at == NOW && m.attempts == 1
        }));
        let second = tx.claim_messages(NOW, NOW + 60, 2).await?;
        assert_eq!(second.len(), 1);
        assert_eq!(tx.claim_messages(NOW + 59, NOW + 90, 9).await?, []);
        Ok([first[0].seq, first[1].seq, second[0].seq])
    })
    .unwrap();
    change!(store, |tx| {
        tx.acknowledge(seqs[0]).await?;
        tx.acknowledge(seqs[0]).await?;
        let again = tx.claim_messages(NOW + 60, NOW + 90, 9).await?;
        assert_eq!(
            again.iter().map(|m| (m.seq, m.attempts)).collect::<Vec<_>>(),
            [(seqs[1], 2), (seqs[2], 2)]
        );
        assert_eq!(tx.prune_messages(NOW).await?, 0);
        assert_eq!(tx.prune_messages(NOW + 1).await?, 2);
        Ok(())
    })
    .unwrap();
}
