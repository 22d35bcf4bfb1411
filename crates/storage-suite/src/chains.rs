//! Heads of the chains of actions.

use licentia_model::ChainHead;

use crate::Backend;
use crate::fixtures::{activated, change, id, licensed};

/// Inserted, then replaced; each activation has its own.
pub async fn a_chain_head_is_put_and_replaced(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        activated(tx, 1, &license).await?;
        activated(tx, 2, &license).await?;
        assert_eq!(tx.chain_head(id(1)).await?, None);
        for (sequence, mac) in [(1, [1; 32]), (9_007_199_254_740_991, [255; 32])] {
            let head = ChainHead { activation_id: id(1), sequence, mac };
            tx.put_chain_head(&head).await?;
            assert_eq!(tx.chain_head(id(1)).await?, Some(head));
        }
        assert_eq!(tx.chain_head(id(2)).await?, None);
        Ok(())
    })
    .unwrap();
}
