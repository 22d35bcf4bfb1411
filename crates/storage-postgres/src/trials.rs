//! Who had a trial.

use crate::params;
use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::trials::{TrialMark, Trials};
use uuid::Uuid;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    PUT = "
        INSERT INTO trial_marks (product_id, mark, license_id, fingerprint) VALUES ($1, $2, $3, $4)
        ON CONFLICT (product_id, mark, license_id) DO UPDATE SET fingerprint = excluded.fingerprint";
    BY_MARK = "
        SELECT * FROM trial_marks WHERE product_id = $1 AND mark = $2 ORDER BY license_id LIMIT $3";
    FORGET = "DELETE FROM trial_marks WHERE license_id = $1 AND fingerprint IS NOT NULL";
}

#[async_trait]
impl Trials for PostgresTransaction {
    async fn put_trial_mark(&mut self, mark: &TrialMark) -> Result<()> {
        let TrialMark { product_id, mark, license_id, fingerprint } = mark;
        let params = params![product_id, mark, license_id, fingerprint];
        self.write_one("trial mark", PUT, params).await
    }

    async fn trial_marks(
        &mut self,
        product_id: Uuid,
        mark: &[u8; 32],
        limit: u32,
    ) -> Result<Vec<TrialMark>> {
        let params = params![product_id, mark, limit];
        self.all("trial_marks", BY_MARK, params, trial_mark).await
    }

    async fn forget_trial_machines(&mut self, license_id: Uuid) -> Result<u64> {
        self.write(FORGET, params![license_id]).await
    }
}

fn trial_mark(row: &Columns<'_>) -> Result<TrialMark> {
    Ok(TrialMark {
        product_id: row.uuid("product_id")?,
        mark: row.hash("mark")?,
        license_id: row.uuid("license_id")?,
        fingerprint: row.plain("fingerprint")?,
    })
}
