//! Outages: while the authority was away nobody could keep a seat, so seats are kept for their holders
//! (decision 3).
//!
//! A running authority leaves a mark in the database every [`MARK_EVERY_S`] seconds and when it stops. A mark that
//! is older than [`SILENCE_S`] when the next one is left means that no replica was alive in between: an outage, put
//! on record with its two ends. For as long as it lasted, counted from its end and at most one grace, a seat
//! that was held when it began counts as held. What the product was promised stays as it was signed.
//!
//! After a kill the last mark is up to [`MARK_EVERY_S`] old, so an outage is taken for that much longer than it was:
//! seats are kept a little too long, never too short. An outage shorter than [`SILENCE_S`] is not seen.

use std::sync::{PoisonError, RwLock};

use licentia_storage::Transaction;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;

/// How often a running authority leaves its mark, in seconds.
pub const MARK_EVERY_S: u64 = 15;
/// A silence of more seconds is an outage: two marks may come late or fail.
const SILENCE_S: i64 = 45;

const ALIVE: &str = "alive";
const OUTAGES: &str = "outages";

/// Begin and end in seconds since the epoch.
type Outage = (i64, i64);

/// What this process knows: its last mark, and the outages that still count.
#[derive(Default)]
pub(crate) struct Outages(RwLock<Known>);

#[derive(Default)]
struct Known {
    marked: Option<i64>,
    outages: Vec<Outage>,
}

impl Outages {
    /// Whether there is none that counts, and no silence that could be one.
    pub(crate) fn are_over(&self, now: i64) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.outages.is_empty() && !known.is_silent(now)
    }
}

impl Known {
    fn is_silent(&self, now: i64) -> bool {
        self.marked.is_some_and(|marked| now.saturating_sub(marked) > SILENCE_S)
    }
}

impl Authority {
    /// Leaves the mark that the authority is alive. A server does so before it serves, every [`MARK_EVERY_S`]
    /// seconds, and when it stops.
    pub async fn mark_alive(&self) -> Result<(), AuthorityError> {
        self.write(|this, tx| Box::pin(async move { this.mark_in(tx).await })).await
    }

    /// The time as of which a seat counts as held: now, or soon after an outage its beginning.
    ///
    /// In a process that leaves marks the first request after a silence notes the outage itself: where the database
    /// was away, requests may come before the next mark.
    pub(crate) async fn held_as_of(
        &self,
        tx: &mut dyn Transaction,
        now: i64,
        grace_s: u32,
    ) -> Result<i64, AuthorityError> {
        if self.outages().0.read().unwrap_or_else(PoisonError::into_inner).is_silent(now) {
            self.mark_in(tx).await?;
        }
        let known = self.outages().0.read().unwrap_or_else(PoisonError::into_inner);
        Ok(as_of(&known.outages, now, i64::from(grace_s)))
    }

    async fn mark_in(&self, tx: &mut dyn Transaction) -> Result<(), AuthorityError> {
        // The journal before the settings, as every audit row does: two at once wait for each other in one order.
        tx.lock_audit_head().await?;
        let now = self.clock().now();
        let before: Option<i64> = tx.setting(ALIVE).await?.and_then(|mark| mark.parse().ok());
        let stored = tx.setting(OUTAGES).await?.unwrap_or_default();
        let mut outages: Vec<Outage> = serde_json::from_str(&stored).unwrap_or_default();
        outages.retain(|(from, until)| now < until.saturating_add(until.saturating_sub(*from)));
        if let Some(from) = before
            && now.saturating_sub(from) > SILENCE_S
            && !outages.iter().any(|outage| outage.0 == from)
        {
            outages.push((from, now));
            tracing::warn!(
                seconds = now - from,
                "the authority was away; seats are kept for their holders as long"
            );
            let entry = Entry::new().fact("from", from).fact("until", now);
            self.record(
                tx,
                &Actor::new("system", "local"),
                "authority.outage",
                "authority".into(),
                entry,
            )
            .await?;
        }
        let text = serde_json::to_string(&outages).unwrap_or_default();
        if text != stored {
            tx.put_setting(OUTAGES, &text).await?;
        }
        tx.put_setting(ALIVE, &now.to_string()).await?;
        // Where the commit fails, the database is as silent as before and the next mark finds the same outage.
        *self.outages().0.write().unwrap_or_else(PoisonError::into_inner) =
            Known { marked: Some(now), outages };
        Ok(())
    }
}

fn as_of(outages: &[Outage], now: i64, grace_s: i64) -> i64 {
    let counts = |(from, until): &&Outage| {
        let lasted = until.saturating_sub(*from);
        now < until.saturating_add(lasted.min(grace_s))
    };
    outages.iter().filter(counts).map(|(from, _)| *from).fold(now, i64::min)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decision_3_a_seat_is_judged_as_of_the_outage_as_long_as_it_lasted_and_at_most_one_grace() {
        let outages = [(1_000, 1_600)];
        for (now, grace, expected) in [
            (1_600, 3_600, 1_000),
            (2_199, 3_600, 1_000),
            (2_200, 3_600, 2_200),
            (1_659, 60, 1_000),
            (1_660, 60, 1_660),
        ] {
            assert_eq!(as_of(&outages, now, grace), expected, "{now} {grace}");
        }
        // A second outage while the first still counts.
        assert_eq!(as_of(&[(1_000, 9_000), (9_010, 9_100)], 9_120, 86_400), 1_000);
        assert_eq!(as_of(&[(0, i64::MAX)], i64::MAX - 1, i64::MAX), 0);
        assert_eq!(as_of(&[], 5, 5), 5);
    }
}
