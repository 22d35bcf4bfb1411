//! How much there is of everything, for those who watch the authority.

use async_trait::async_trait;

use uuid::Uuid;

use crate::Result;

/// How many licences stand so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// `active`, `suspended`, `cancelled` or `revoked`.
    pub state: String,
    /// A trial.
    pub trial: bool,
    /// Its end has come.
    pub ended: bool,
    /// How many.
    pub count: u64,
}

/// Counts over whole tables. Each walks through one: not for requests.
#[async_trait]
pub trait Counts {
    /// Seats whose lease runs at `now`, of all licences.
    async fn count_seats(&mut self, now: i64) -> Result<u64>;
    /// Licences at `now`, all of which are one of these: by state, and active ones by whether they are a trial and
    /// whether they have ended.
    async fn count_licenses(&mut self, now: i64) -> Result<Vec<Standing>>;
    /// Active licences that end within a time; its end is not part of it.
    async fn count_ending(&mut self, from: i64, until: i64) -> Result<u64>;
    /// Licences that were issued since then, by the day, UTC: its number since the epoch, and how many.
    async fn count_issued(&mut self, since: i64) -> Result<Vec<(i64, u64)>>;
    /// Licences whose products reported usage since this time, those of the last hours first; few of them.
    async fn lately_metered(&mut self, since: i64, limit: u32) -> Result<Vec<Uuid>>;
}
