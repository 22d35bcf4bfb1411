//! Named values.

use crate::Backend;
use crate::fixtures::change;

/// Set, replaced, absent.
pub async fn a_setting_is_replaced(backend: &impl Backend) {
    let store = backend.open().await;
    let long = "ü".repeat(50_000);
    change!(store, |tx| {
        assert_eq!(tx.setting("name").await?, None);
        for value in ["", "Example", "it's \"quoted\""] {
            tx.put_setting("name", value).await?;
            assert_eq!(tx.setting("name").await?.as_deref(), Some(value));
        }
        tx.put_setting("Name", "other").await?;
        assert_eq!(tx.setting("name").await?.as_deref(), Some("it's \"quoted\""));
        tx.put_setting("long", &long).await?;
        assert_eq!(tx.setting("long").await?, Some(long));
        Ok(())
    })
    .unwrap();
}
