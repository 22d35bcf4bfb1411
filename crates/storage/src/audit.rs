//! The audit trail.

use async_trait::async_trait;
use licentia_model::AuditRow;
use licentia_model::audit::AuditSecret;

use crate::Result;

/// What a list of rows is narrowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFilter {
    /// Who.
    pub actor: Option<String>,
    /// What.
    pub action: Option<String>,
    /// To what.
    pub subject: Option<String>,
    /// Not before, in microseconds.
    pub since: i64,
    /// Before, in microseconds.
    pub until: i64,
    /// Only rows before this one.
    pub before: Option<u64>,
    /// At most so many.
    pub limit: u32,
}

/// The audit trail; rows are only ever added.
#[async_trait]
pub trait Audit {
    /// The last row. Nobody else appends until this transaction ends, so what changes rarely is changed under
    /// this lock too. It comes after all locks of licences: whoever waits for it may hold one.
    async fn lock_audit_head(&mut self) -> Result<Option<AuditRow>>;
    /// Appends a row and the personal values it commits to.
    async fn append_audit(&mut self, row: &AuditRow, secrets: &[AuditSecret]) -> Result<()>;
    /// Rows after `seq`, in order; at most `limit`.
    async fn audit_rows(&mut self, after: u64, limit: u32) -> Result<Vec<AuditRow>>;
    /// The last row, without the lock.
    async fn last_audit_row(&mut self) -> Result<Option<AuditRow>>;
    /// Rows that fit, newest first.
    async fn audit_page(&mut self, filter: &AuditFilter) -> Result<Vec<AuditRow>>;
    /// Personal values of a row.
    async fn audit_secrets(&mut self, seq: u64) -> Result<Vec<AuditSecret>>;
}
