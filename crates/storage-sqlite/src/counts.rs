//! How much there is of everything, for those who watch the authority.

use async_trait::async_trait;
use licentia_storage::Result;
use licentia_storage::counts::{Counts, Standing};
use rusqlite::params;
use uuid::Uuid;

use crate::statements;
use crate::transaction::SqliteTransaction;

const DAY_S: i64 = 86_400;
const HOUR_S: i64 = 3_600;
/// Rows of usage that are looked at for those who reported lately.
const LOOKED_AT: i64 = 2_000;

statements! {
    SEATS = "SELECT count(*) FROM seats WHERE lease_until > ?1";
    LICENSES = "
        SELECT state, trial, ends_at <= ?1 AS ended, count(*) AS amount
        FROM licenses GROUP BY state, trial, ends_at <= ?1 ORDER BY state, trial, ended";
    ENDING = "
        SELECT count(*) FROM licenses
        WHERE ends_at >= ?1 AND ends_at < ?2 AND state = 'active'";
    ISSUED = "
        SELECT created_at / ?2 AS day, count(*) AS amount
        FROM licenses WHERE created_at >= ?1 GROUP BY created_at / ?2 ORDER BY day";
    METERED = "
        SELECT license_id, max(hour) AS latest
        FROM (SELECT license_id, hour FROM usage_hours WHERE hour >= ?1 ORDER BY hour DESC LIMIT ?2) AS lately
        GROUP BY license_id ORDER BY latest DESC, license_id LIMIT ?3";
}

#[async_trait]
impl Counts for SqliteTransaction {
    async fn count_seats(&mut self, now: i64) -> Result<u64> {
        Ok(self.integer(SEATS, params![now])?.unsigned_abs())
    }

    async fn count_licenses(&mut self, now: i64) -> Result<Vec<Standing>> {
        self.all("licenses", LICENSES, params![now], |row| {
            Ok(Standing {
                state: row.plain("state")?,
                trial: row.flag("trial")?,
                ended: row.flag("ended")?,
                count: row.plain::<i64>("amount")?.unsigned_abs(),
            })
        })
    }

    async fn count_ending(&mut self, from: i64, until: i64) -> Result<u64> {
        Ok(self.integer(ENDING, params![from, until])?.unsigned_abs())
    }

    async fn count_issued(&mut self, since: i64) -> Result<Vec<(i64, u64)>> {
        self.all("licenses", ISSUED, params![since, DAY_S], |row| {
            Ok((row.plain("day")?, row.plain::<i64>("amount")?.unsigned_abs()))
        })
    }

    async fn lately_metered(&mut self, since: i64, limit: u32) -> Result<Vec<Uuid>> {
        let params = params![since.div_euclid(HOUR_S), LOOKED_AT, limit];
        self.all("usage_hours", METERED, params, |row| row.uuid("license_id"))
    }
}
