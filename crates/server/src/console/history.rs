//! What this server answered in the last hour, by the minute, for the overview.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use licentia_authority::overview::Overview;
use licentia_authority::{Authority, AuthorityError};
use tokio::time::Instant;

/// Numbers are never older than this where counting is quick.
const FRESH: Duration = Duration::from_secs(2);
/// Where counting takes long, the database spends at most one part in so many on it.
const PART: u32 = 50;

/// What the overview shows besides what it reads.
#[derive(Default)]
pub(crate) struct Board {
    /// The last hour.
    pub(crate) history: History,
    counted: tokio::sync::Mutex<Option<(Instant, Overview)>>,
}

impl Board {
    /// The numbers of the database; counted anew where they are older than counting is worth. Whoever comes meanwhile
    /// waits for the same count.
    pub(crate) async fn counted(&self, authority: &Authority) -> Result<Overview, AuthorityError> {
        let mut kept = self.counted.lock().await;
        let begun = Instant::now();
        if let Some((until, counted)) = kept.as_ref()
            && begun < *until
        {
            return Ok(counted.clone());
        }
        let counted = authority.overview().await?;
        let fresh = (begun.elapsed() * PART).max(FRESH);
        *kept = Some((Instant::now() + fresh, counted.clone()));
        Ok(counted)
    }
}

/// Minutes that are kept.
const KEPT: usize = 60;

/// What was counted until a minute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// The time.
    pub(crate) at: i64,
    /// Heartbeats that were granted.
    pub(crate) heartbeats: u64,
    /// Refusals by code.
    pub(crate) refusals: Vec<(&'static str, u64)>,
}

/// The last hour.
#[derive(Default)]
pub(crate) struct History(Mutex<VecDeque<Counted>>);

impl History {
    /// A minute has passed.
    pub(crate) fn note(&self, counted: Counted) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back(counted);
        while kept.len() > KEPT + 1 {
            kept.pop_front();
        }
    }

    /// By minute, oldest first: the time and the heartbeats in it; up to what is counted now.
    pub(crate) fn heartbeats(&self, now: &Counted) -> Vec<(i64, u64)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let all: Vec<&Counted> = kept.iter().chain([now]).collect();
        all.windows(2)
            .map(|pair| (pair[1].at, pair[1].heartbeats.saturating_sub(pair[0].heartbeats)))
            .collect()
    }

    /// Refusals of the hour by code, the most frequent first.
    pub(crate) fn refusals(&self, now: &Counted) -> Vec<(&'static str, u64)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.front().cloned().unwrap_or_default();
        let of = |code: &str| {
            before.refusals.iter().find(|(known, _)| *known == code).map_or(0, |(_, count)| *count)
        };
        let mut refusals: Vec<_> = now
            .refusals
            .iter()
            .map(|(code, count)| (*code, count.saturating_sub(of(code))))
            .filter(|(_, count)| *count > 0)
            .collect();
        refusals.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
        refusals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(at: i64, heartbeats: u64, refused: u64) -> Counted {
        let refusals = vec![("seats_taken", refused), ("unknown_license", 7)];
        Counted { at, heartbeats, refusals }
    }

    #[test]
    fn an_hour_is_kept_and_no_more() {
        let history = History::default();
        for minute in 0..200 {
            history.note(counted(minute * 60, minute.unsigned_abs() * 10, minute.unsigned_abs()));
        }
        let now = counted(200 * 60, 2_005, 200);
        let heartbeats = history.heartbeats(&now);
        assert_eq!(heartbeats.len(), 61);
        assert_eq!(heartbeats.last(), Some(&(12_000, 15)));
        assert!(heartbeats[..60].iter().all(|(_, count)| *count == 10));
        assert_eq!(history.refusals(&now), [("seats_taken", 61)]);
    }
}
