//! A database that came out of a backup.

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::seats::timestamp;

impl Authority {
    /// Puts on record that what was done since `made_at` is not in this database.
    pub async fn record_restore(&self, made_at: i64, actor: Actor) -> Result<(), AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let entry = Entry::new().fact("made_at", timestamp(made_at).to_string());
                this.record(tx, &actor, "authority.restore", "authority".into(), entry).await
            })
        })
        .await
    }
}
