//! How an application extends the guard (decision 40).

use std::fmt;

use crate::guard::Tier;
use crate::snapshot::Snapshot;

/// Is told what the guard does. It runs on the caller's thread, in the middle of the check: be quick.
pub trait Observer: Send + Sync {
    /// The guard has started and gave its first verdict.
    fn on_startup(&self, snapshot: &Snapshot) {
        let _ = snapshot;
    }

    /// Something was checked. What was refused passes nevertheless where enforcement is off.
    fn on_check(&self, check: &Check<'_>, passed: bool) {
        let _ = (check, passed);
    }

    /// Usage was recorded.
    fn on_record(&self, meter: &str, amount: u64) {
        let _ = (meter, amount);
    }

    /// An action was recorded in the chain.
    fn on_action(&self, action: &str, tenant: &str) {
        let _ = (action, tenant);
    }
}

/// What was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Check<'a> {
    /// A feature.
    Feature(&'a str),
    /// A tier or a higher one.
    Tier(Tier<'a>),
    /// So much of something.
    Limit {
        /// Of what.
        name: &'a str,
        /// How much.
        amount: u64,
    },
}

impl fmt::Display for Check<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Feature(name) => write!(f, "the feature `{name}`"),
            Self::Tier(tier) => write!(f, "the tier {tier}"),
            Self::Limit { name, amount } => write!(f, "{amount} {name}"),
        }
    }
}
