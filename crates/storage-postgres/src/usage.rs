//! Usage counters.

use std::collections::BTreeMap;

use crate::params;
use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::usage::Usage;
use uuid::Uuid;

use crate::statements;
use crate::transaction::PostgresTransaction;

const HOUR_S: i64 = 3_600;

statements! {
    INSERT_REPORT = "
        INSERT INTO usage_reports (activation_id, report_id, at) VALUES ($1, $2, $3)
        ON CONFLICT (activation_id, report_id) DO NOTHING";
    // A sum stays at the end of its range: a product that reports nonsense must not break its counter.
    ADD_HOUR = "
        INSERT INTO usage_hours (license_id, meter, hour, amount) VALUES ($1, $2, $3, $4)
        ON CONFLICT (license_id, meter, hour) DO UPDATE SET amount = CASE
            WHEN excluded.amount > 0 AND usage_hours.amount > 9223372036854775807 - excluded.amount
            THEN 9223372036854775807
            WHEN excluded.amount < 0 AND usage_hours.amount < -9223372036854775808 - excluded.amount
            THEN -9223372036854775808
            ELSE usage_hours.amount + excluded.amount END";
    ADD_TOTAL = "
        INSERT INTO usage_totals (license_id, meter, amount) VALUES ($1, $2, $3)
        ON CONFLICT (license_id, meter) DO UPDATE SET amount = CASE
            WHEN excluded.amount > 0 AND usage_totals.amount > 9223372036854775807 - excluded.amount
            THEN 9223372036854775807
            WHEN excluded.amount < 0 AND usage_totals.amount < -9223372036854775808 - excluded.amount
            THEN -9223372036854775808
            ELSE usage_totals.amount + excluded.amount END";
    BETWEEN = "
        SELECT * FROM usage_hours WHERE license_id = $1 AND meter = $2 AND hour BETWEEN $3 AND $4";
    TOTALS = "SELECT * FROM usage_totals WHERE license_id = $1";
    WALK = "
        SELECT * FROM usage_totals WHERE (license_id, meter) > ($1, $2)
        ORDER BY license_id, meter LIMIT $3";
    WALK_ONE = "
        SELECT * FROM usage_totals WHERE license_id = $1 AND meter > $2 ORDER BY meter LIMIT $3";
    WALK_HOURS = "
        SELECT * FROM usage_hours WHERE (license_id, meter, hour) > ($1, $2, $3)
        ORDER BY license_id, meter, hour LIMIT $4";
    WALK_HOURS_OF_ONE = "
        SELECT * FROM usage_hours WHERE license_id = $1 AND (meter, hour) > ($2, $3)
        ORDER BY meter, hour LIMIT $4";
    PRUNE_HOURS = "DELETE FROM usage_hours WHERE hour < $1";
    PRUNE_REPORTS = "DELETE FROM usage_reports WHERE at < $1";
}

#[async_trait]
impl Usage for PostgresTransaction {
    async fn add_usage(
        &mut self,
        license_id: Uuid,
        activation_id: Uuid,
        report_id: Option<&str>,
        amounts: &BTreeMap<String, i64>,
        now: i64,
    ) -> Result<bool> {
        if let Some(report_id) = report_id
            && self.write(INSERT_REPORT, params![activation_id, report_id, now]).await? == 0
        {
            return Ok(false);
        }
        let hour = now.div_euclid(HOUR_S);
        for (meter, amount) in amounts {
            self.write_one("counter", ADD_HOUR, params![license_id, meter, hour, amount]).await?;
            self.write_one("counter", ADD_TOTAL, params![license_id, meter, amount]).await?;
        }
        Ok(true)
    }

    async fn usage(&mut self, license_id: Uuid, meter: &str, from: i64, to: i64) -> Result<i64> {
        // `to` is where the time ends: on the hour, the one that begins there is not part of it.
        let (first, last) = (from.div_euclid(HOUR_S), to.saturating_sub(1).div_euclid(HOUR_S));
        let params = params![license_id, meter, first, last];
        let hours =
            self.all("usage_hours", BETWEEN, params, |row| row.plain::<i64>("amount")).await?;
        Ok(hours.into_iter().fold(0, i64::saturating_add))
    }

    async fn usage_totals(&mut self, license_id: Uuid) -> Result<BTreeMap<String, i64>> {
        let totals = self
            .all("usage_totals", TOTALS, params![license_id], |row| {
                Ok((row.plain::<String>("meter")?, row.plain::<i64>("amount")?))
            })
            .await?;
        Ok(totals.into_iter().collect())
    }

    async fn walk_usage(
        &mut self,
        license_id: Option<Uuid>,
        after: Option<(Uuid, &str)>,
        limit: u32,
    ) -> Result<Vec<(Uuid, String, i64)>> {
        let (license, meter) = after.unwrap_or((license_id.unwrap_or_default(), ""));
        let sql = if license_id.is_some() { WALK_ONE } else { WALK };
        self.all("usage_totals", sql, params![license, meter, limit], |row| {
            Ok((row.uuid("license_id")?, row.plain("meter")?, row.plain("amount")?))
        })
        .await
    }

    async fn walk_usage_hours(
        &mut self,
        license_id: Option<Uuid>,
        after: Option<(Uuid, &str, i64)>,
        limit: u32,
    ) -> Result<Vec<(Uuid, String, i64, i64)>> {
        // No meter's name is empty, so nothing lies before the first place.
        let first = (license_id.unwrap_or_default(), "", 0);
        let (license, meter, at) = after.unwrap_or(first);
        let sql = if license_id.is_some() { WALK_HOURS_OF_ONE } else { WALK_HOURS };
        let params = params![license, meter, at.div_euclid(HOUR_S), limit];
        self.all("usage_hours", sql, params, |row| {
            let at = row.plain::<i64>("hour")?.saturating_mul(HOUR_S);
            Ok((row.uuid("license_id")?, row.plain("meter")?, at, row.plain("amount")?))
        })
        .await
    }

    async fn prune_usage(&mut self, before: i64) -> Result<u64> {
        let hours = self.write(PRUNE_HOURS, params![before.div_euclid(HOUR_S)]).await?;
        Ok(hours + self.write(PRUNE_REPORTS, params![before]).await?)
    }
}
