//! Parts of a transaction.

use crate::Backend;
use crate::fixtures::{activated, activation, change, licensed, look};

/// What fails inside a part leaves the transaction whole; what is kept stays.
pub async fn a_part_may_fail_alone(backend: &impl Backend) {
    let store = backend.open().await;
    change!(store, |tx| {
        let license = licensed(tx).await?;
        activated(tx, 1, &license).await?;
        tx.begin_part().await?;
        tx.put_setting("kept", "1").await?;
        tx.keep_part().await?;
        tx.begin_part().await?;
        tx.put_setting("undone", "1").await?;
        assert!(tx.insert_activation(&activation(1, &license)).await.is_err());
        tx.undo_part().await?;
        tx.put_setting("after", "1").await
    })
    .unwrap();
    look!(store, |tx| {
        assert_eq!(tx.setting("kept").await?.as_deref(), Some("1"));
        assert_eq!(tx.setting("undone").await?, None);
        assert_eq!(tx.setting("after").await?.as_deref(), Some("1"));
        Ok(())
    })
    .unwrap();
}
