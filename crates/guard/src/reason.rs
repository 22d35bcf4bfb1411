//! Why a product does not run in full, and what to do about it.

use std::borrow::Cow;

use licentia_license::Invalid;
use licentia_protocol::Code;

/// Why a product is in grace, in the free tier, or stopped. The codes are stable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// No licence was found.
    #[error("no licence was found")]
    Missing,
    /// A licence is there but could not be read; the text says where it is and never holds it.
    #[error("the licence could not be read: {0}")]
    Unreadable(String),
    /// The licence was found and is not valid.
    #[error("{0}")]
    Invalid(Invalid),
    /// The activation proof does not check out.
    #[error("the activation proof is not valid")]
    InvalidProof,
    /// The licence has ended.
    #[error("the licence has expired")]
    Expired,
    /// The authority refused, signed.
    #[error("{}", title(.0))]
    Refused(String),
    /// The authority could not be reached, and nothing that was signed carries further.
    #[error("the licensing authority could not be reached")]
    Unreachable,
    /// This machine's clock stands behind what was signed already.
    #[error("this machine's clock was set back")]
    ClockSetBack,
    /// A debugger or instrumentation was found.
    #[error("tampering was detected")]
    Tampered,
    /// The code is not that of the release.
    #[error("the program differs from its release")]
    Integrity,
    /// The guard was shut down and its seat given back.
    #[error("the guard was shut down")]
    ShutDown,
}

impl Reason {
    /// The stable code, e.g. `suspended`.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Missing => "missing",
            Self::Unreadable(_) => "unreadable",
            Self::Invalid(invalid) => invalid.code(),
            Self::InvalidProof => "invalid_proof",
            Self::Expired => "expired",
            Self::Refused(code) => code,
            Self::Unreachable => "unreachable",
            Self::ClockSetBack => "clock_set_back",
            Self::Tampered => "tampered",
            Self::Integrity => "integrity",
            Self::ShutDown => "shut_down",
        }
    }

    /// What to do about it, one sentence.
    #[must_use]
    pub fn advice(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Missing => {
                "Set the key in the configuration or in LICENTIA_LICENSE_KEY, or put the licence file at licenses/license.key beside the program."
            }
            Self::Unreadable(_) => {
                "Check that the file exists, is readable by this user, and holds one licence."
            }
            Self::Invalid(invalid) => return invalid.advice(),
            Self::InvalidProof => {
                "Remove the state directory and start again while the authority can be reached."
            }
            Self::Expired => Code::Expired.advice(),
            Self::Refused(code) => known(code).map_or("Ask the vendor.", Code::advice),
            Self::Unreachable => {
                "Check address, network and proxy; the product recovers once the authority answers."
            }
            Self::ClockSetBack => {
                "Set the clock right; the product recovers once the authority answers."
            }
            Self::Tampered => "Stop debuggers, profilers and instrumentation, and start again.",
            Self::Integrity => "Install the release again.",
            Self::ShutDown => "Start the product again.",
        })
    }

    /// Whether the authority said that there is no seat, as opposed to no right.
    pub(crate) fn is_seat(&self) -> bool {
        matches!(self, Self::Refused(code) if known(code).is_some_and(|code| code.status() == 409))
    }
}

fn known(code: &str) -> Option<Code> {
    Code::ALL.iter().copied().find(|known| known.as_str() == code)
}

/// The code's title as it stands inside a sentence.
fn title(code: &str) -> String {
    let title = known(code).map_or("The authority refuses the licence", Code::title);
    title.chars().take(1).flat_map(char::to_lowercase).chain(title.chars().skip(1)).collect()
}
