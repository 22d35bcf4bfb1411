//! When a licence ends.

use licentia_model::Scheme;
use licentia_protocol::licenses;

use crate::error::AuthorityError;

pub(crate) const DAY_S: i64 = 86_400;
/// A hundred years.
const MOST_DAYS: u32 = 36_525;

/// How long a licence lasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Term {
    /// For ever.
    #[default]
    Perpetual,
    /// Expired from this second on.
    Until(i64),
    /// So many days from a time that goes without saying.
    Days(u32),
    /// As long as the plan's trial, if it is one; else for ever.
    OfPlan,
    /// As somebody else reckoned, past or not.
    Exactly(Option<i64>),
}

impl Term {
    /// The last second plus one, where days count from `start`; it must lie ahead.
    pub(crate) fn end(
        self,
        start: i64,
        now: i64,
        scheme: Scheme,
    ) -> Result<Option<i64>, AuthorityError> {
        let end = match self {
            Self::Perpetual | Self::OfPlan | Self::Exactly(None) => return Ok(None),
            Self::Until(at) | Self::Exactly(Some(at)) => at,
            Self::Days(0 | MOST_DAYS..) => {
                return Err(wrong("days", "it must be 1 to 36,524 days"));
            }
            Self::Days(days) => start.saturating_add(i64::from(days) * DAY_S),
        };
        if end <= now && !matches!(self, Self::Exactly(_)) {
            return Err(wrong(
                "expires_at",
                "it lies in the past; give a date that is still to come",
            ));
        }
        Ok(Some(match scheme {
            // A `v1` key spells its last day; the record ends with that day, not within it.
            Scheme::V1 => end.saturating_add(DAY_S - 1).div_euclid(DAY_S) * DAY_S,
            _ => end,
        }))
    }

    /// What a request says; `None` where it says nothing.
    pub(crate) fn told(term: &licenses::Term) -> Result<Option<Self>, AuthorityError> {
        match (term.expires_at, term.days, term.perpetual) {
            (None, None, false) => Ok(None),
            (None, None, true) => Ok(Some(Self::Perpetual)),
            (Some(at), None, false) => Ok(Some(Self::Until(at.as_second()))),
            (None, Some(days), false) => Ok(Some(Self::Days(days))),
            _ => Err(wrong("expires_at", "give one of `expires_at`, `days` and `perpetual`")),
        }
    }

    /// What a request says that has to say something.
    pub(crate) fn needed(term: &licenses::Term) -> Result<Self, AuthorityError> {
        let problem = "say for how long: `days`, `expires_at` or `perpetual`";
        Self::told(term)?.ok_or_else(|| wrong("days", problem))
    }
}

fn wrong(field: &'static str, problem: &str) -> AuthorityError {
    AuthorityError::Invalid { field, problem: problem.to_owned() }
}
