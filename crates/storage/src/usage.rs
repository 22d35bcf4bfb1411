//! Usage counters.

use std::collections::BTreeMap;

use async_trait::async_trait;
use uuid::Uuid;

use crate::Result;

/// Usage by licence, meter and day.
#[async_trait]
pub trait Usage {
    /// Adds a report once: `false`, and nothing added, where `report_id` was seen for this activation.
    async fn add_usage(
        &mut self,
        license_id: Uuid,
        activation_id: Uuid,
        report_id: Option<&str>,
        amounts: &BTreeMap<String, i64>,
        now: i64,
    ) -> Result<bool>;
    /// Totals of a licence by meter, between two times (whole days, UTC).
    async fn usage(
        &mut self,
        license_id: Uuid,
        from: i64,
        to: i64,
    ) -> Result<BTreeMap<String, i64>>;
}
