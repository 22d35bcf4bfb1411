//! Many licences at once: here a row at a time, since nothing has to travel.

use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::audit::Audit;
use licentia_storage::bulk::{Bulk, Issued};
use licentia_storage::license_keys::LicenseKeys;
use licentia_storage::licenses::Licenses;
use licentia_storage::outbox::Outbox;

use crate::transaction::SqliteTransaction;

#[async_trait]
impl Bulk for SqliteTransaction {
    async fn insert_issued(&mut self, issued: &[Issued]) -> Result<()> {
        for one in issued {
            let license = &one.license;
            self.insert_license(license).await?;
            for key in &one.keys {
                self.insert_license_key(key).await?;
            }
            self.append_audit(&one.audit, &one.secrets).await?;
            let (action, sealed) = (&one.audit.action, one.sealed.as_deref());
            self.enqueue(license.id, action, &one.facts, sealed, license.created_at).await?;
        }
        Ok(())
    }
}
