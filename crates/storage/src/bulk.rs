//! Many licences at once: every row of each, in as few statements as the database can do with.

use async_trait::async_trait;
use licentia_model::audit::AuditSecret;
use licentia_model::{AuditRow, License, LicenseKey};

use crate::Result;

/// All rows of one licence that was issued, but for its customer.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The licence.
    pub license: License,
    /// Its record, and the customer's key where that is another.
    pub keys: Vec<LicenseKey>,
    /// Facts of the message in the outbox, whose kind is the action of the audit row.
    pub facts: String,
    /// The sealed part of that message.
    pub sealed: Option<Vec<u8>>,
    /// Its row in the trail.
    pub audit: AuditRow,
    /// The personal values that the row commits to.
    pub secrets: Vec<AuditSecret>,
}

/// Many rows at once.
#[async_trait]
pub trait Bulk {
    /// Adds licences with all their rows, in this order. Call under `lock_audit_head`, whose successors they are.
    async fn insert_issued(&mut self, issued: &[Issued]) -> Result<()>;
}
