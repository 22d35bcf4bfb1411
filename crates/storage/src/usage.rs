//! Usage counters.

use std::collections::BTreeMap;

use async_trait::async_trait;
use uuid::Uuid;

use crate::Result;

/// Usage by licence and meter: by the hour, and in all.
#[async_trait]
pub trait Usage {
    /// Adds a report once: `false`, and nothing added, where `report_id` was seen for this activation. A sum that
    /// would leave its range stays at the end of it.
    async fn add_usage(
        &mut self,
        license_id: Uuid,
        activation_id: Uuid,
        report_id: Option<&str>,
        amounts: &BTreeMap<String, i64>,
        now: i64,
    ) -> Result<bool>;
    /// What a meter counted between two times (whole hours, UTC; the end is not part of it).
    async fn usage(&mut self, license_id: Uuid, meter: &str, from: i64, to: i64) -> Result<i64>;
    /// What every meter counted in all.
    async fn usage_totals(&mut self, license_id: Uuid) -> Result<BTreeMap<String, i64>>;
    /// A page of totals, of one licence or of all: licence, meter, amount, in this order; only those after `after`.
    async fn walk_usage(
        &mut self,
        license_id: Option<Uuid>,
        after: Option<(Uuid, &str)>,
        limit: u32,
    ) -> Result<Vec<(Uuid, String, i64)>>;
    /// A page of hours, of one licence or of all: licence, meter, when the hour begins, amount, in this order; only those
    /// after `after`.
    async fn walk_usage_hours(
        &mut self,
        license_id: Option<Uuid>,
        after: Option<(Uuid, &str, i64)>,
        limit: u32,
    ) -> Result<Vec<(Uuid, String, i64, i64)>>;
    /// Forgets hours before this, and that reports were seen; totals stay. How many rows.
    async fn prune_usage(&mut self, before: i64) -> Result<u64>;
}
