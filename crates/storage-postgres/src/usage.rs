//! Usage counters.

use std::collections::BTreeMap;

use crate::params;
use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::usage::Usage;
use uuid::Uuid;

use crate::statements;
use crate::transaction::PostgresTransaction;

const DAY_S: i64 = 86_400;

statements! {
    INSERT_REPORT = "
        INSERT INTO usage_reports (activation_id, report_id, at) VALUES ($1, $2, $3)
        ON CONFLICT (activation_id, report_id) DO NOTHING";
    // A total stays at the end of its range: a product that reports nonsense must not break its heartbeat.
    ADD = "
        INSERT INTO usage_counts (license_id, day, meter, amount) VALUES ($1, $2, $3, $4)
        ON CONFLICT (license_id, day, meter) DO UPDATE SET amount = CASE
            WHEN excluded.amount > 0 AND usage_counts.amount > 9223372036854775807 - excluded.amount
            THEN 9223372036854775807
            WHEN excluded.amount < 0 AND usage_counts.amount < -9223372036854775808 - excluded.amount
            THEN -9223372036854775808
            ELSE usage_counts.amount + excluded.amount END";
    BETWEEN = "
        SELECT meter, amount FROM usage_counts
        WHERE license_id = $1 AND day BETWEEN $2 AND $3";
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
        for (meter, amount) in amounts {
            self.write_one(
                "counter",
                ADD,
                params![license_id, now.div_euclid(DAY_S), meter, amount],
            )
            .await?;
        }
        Ok(true)
    }

    async fn usage(
        &mut self,
        license_id: Uuid,
        from: i64,
        to: i64,
    ) -> Result<BTreeMap<String, i64>> {
        // `to` is where the time ends: at midnight, the day that begins there is not part of it.
        let (first, last) = (from.div_euclid(DAY_S), to.saturating_sub(1).div_euclid(DAY_S));
        let days = self
            .all("usage_counts", BETWEEN, params![license_id, first, last], |row| {
                Ok((row.plain::<String>("meter")?, row.plain::<i64>("amount")?))
            })
            .await?;
        let mut totals = BTreeMap::new();
        for (meter, amount) in days {
            let total: &mut i64 = totals.entry(meter).or_default();
            *total = total.saturating_add(amount);
        }
        Ok(totals)
    }
}
