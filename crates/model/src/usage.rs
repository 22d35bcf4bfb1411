//! Named meters and the quotas on them.

use serde::{Deserialize, Serialize};

use crate::words;

/// What a product counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meter {
    /// e.g. `cpu_hours`.
    pub name: String,
    /// e.g. `h`.
    pub unit: String,
    /// Decimal places of the integer that is reported.
    pub scale: u8,
}

words! {
    /// What a quota counts over; calendar hours, days and months, UTC.
    Window {
        /// From hour to hour.
        Hour = "hour",
        /// From midnight to midnight.
        Day = "day",
        /// From the first to the last of the month.
        Month = "month",
        /// From the first report on, for good.
        Total = "total",
    }
}

words! {
    /// What a quota that is used up means to the product. It never changes what the licence grants.
    QuotaKind {
        /// The customer is told.
        Soft = "soft",
        /// The product is told to refuse what the meter counts until the window ends.
        Hard = "hard",
    }
}

/// A quota of a plan on a meter. How much is in the licence: the limit of the same name, in whole units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quota {
    /// Counted over this.
    pub per: Window,
    /// What it means when it is used up.
    pub kind: QuotaKind,
}
