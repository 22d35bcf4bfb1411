//! How much there is of everything, for those who watch the authority.

use async_trait::async_trait;

use crate::Result;

/// Counts over whole tables. Each walks through one: not for requests.
#[async_trait]
pub trait Counts {
    /// Seats whose lease runs at `now`, of all licences.
    async fn count_seats(&mut self, now: i64) -> Result<u64>;
}
