//! The trail as operators read it.

use std::collections::BTreeMap;

use licentia_model::AuditRow;
use licentia_protocol::resource;
use licentia_storage::audit::AuditFilter;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::hex::hex;

/// What the list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Who, e.g. `operator:ada`.
    pub actor: Option<String>,
    /// What, e.g. `license.suspend`.
    pub action: Option<String>,
    /// To what, e.g. `license:UUID`.
    pub subject: Option<String>,
    /// Not before, in microseconds since the epoch.
    pub since: Option<i64>,
    /// Before, in microseconds since the epoch.
    pub until: Option<i64>,
    /// Only those before this row.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

impl Row for resource::AuditEntry {
    const COLUMNS: &'static [&'static str] =
        &["seq", "at", "actor", "origin", "action", "subject", "details", "personal", "hash"];
}

impl Authority {
    /// A page of the trail, newest first.
    pub async fn list_audit(
        &self,
        filter: Filter,
    ) -> Result<Vec<resource::AuditEntry>, AuthorityError> {
        self.read(move |_, tx| {
            Box::pin(async move {
                let filter = AuditFilter {
                    actor: filter.actor,
                    action: filter.action,
                    subject: filter.subject,
                    since: filter.since.unwrap_or(i64::MIN),
                    until: filter.until.unwrap_or(i64::MAX),
                    before: filter.before,
                    limit: filter.limit,
                };
                let mut list = Vec::new();
                for row in tx.audit_page(&filter).await? {
                    let secrets = tx.audit_secrets(row.seq).await?;
                    let personal =
                        secrets.into_iter().map(|secret| (secret.field, secret.value)).collect();
                    list.push(view(row, personal));
                }
                Ok(list)
            })
        })
        .await
    }
}

pub(crate) fn view(row: AuditRow, personal: BTreeMap<String, String>) -> resource::AuditEntry {
    resource::AuditEntry {
        seq: row.seq,
        at: jiff::Timestamp::from_microsecond(row.at_micros).unwrap_or_default(),
        actor: row.actor,
        origin: row.origin,
        action: row.action,
        subject: row.subject,
        details: serde_json::from_str(&row.details).unwrap_or_default(),
        personal,
        hash: hex(&row.hash),
    }
}
