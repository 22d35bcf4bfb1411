//! Mails to customers: which there are, when one is due, and what it tells. The words are templates of the server.
//!
//! To add one: a [`Template`], where it comes from in [`of_message`] or a `mail_…` use case, its context in `letter`,
//! and its text in `server/templates/mail`.

mod letter;
mod log_in;
mod of_message;

use licentia_model::UnknownWord;

pub use letter::{Composed, Letter, sample};
pub(crate) use of_message::of_message;

/// The kind of the jobs.
pub const KIND: &str = "mail";

/// A mail, by its template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Template {
    /// A licence, with its file and how to use it.
    LicenseDelivered,
    /// It has another end.
    LicenseRenewed,
    /// It grants something else.
    LicenseChanged,
    /// It ends in some days.
    LicenseExpiring,
    /// It has ended.
    LicenseExpired,
    /// A trial ends in some days.
    TrialEnding,
    /// It is suspended.
    LicenseSuspended,
    /// A machine uses it that did not before.
    NewSeat,
    /// A link to log in with.
    LogIn,
}

impl Template {
    /// All.
    pub const ALL: &'static [Self] = &[
        Self::LicenseDelivered,
        Self::LicenseRenewed,
        Self::LicenseChanged,
        Self::LicenseExpiring,
        Self::LicenseExpired,
        Self::TrialEnding,
        Self::LicenseSuspended,
        Self::NewSeat,
        Self::LogIn,
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LicenseDelivered => "license_delivered",
            Self::LicenseRenewed => "license_renewed",
            Self::LicenseChanged => "license_changed",
            Self::LicenseExpiring => "license_expiring",
            Self::LicenseExpired => "license_expired",
            Self::TrialEnding => "trial_ending",
            Self::LicenseSuspended => "license_suspended",
            Self::NewSeat => "new_seat",
            Self::LogIn => "log_in",
        }
    }

    /// Whether it brings the key and the licence file.
    #[must_use]
    pub fn brings_the_license(self) -> bool {
        matches!(self, Self::LicenseDelivered | Self::LicenseRenewed | Self::LicenseChanged)
    }
}

impl std::str::FromStr for Template {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let known = Self::ALL.iter().find(|template| template.as_str() == word);
        known.copied().ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
