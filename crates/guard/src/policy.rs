//! What follows from what: three presets, every arm of which can be set alone.

use crate::reason::Reason;

/// Where a product goes when its right to run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fall {
    /// It stops.
    Stop,
    /// It goes on with the features of the free tier.
    Free,
}

/// Where a product goes on a finding that may be nobody's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arm {
    /// It stops.
    Stop,
    /// It goes on with the features of the free tier.
    Free,
    /// It goes on as it was; the finding is only logged.
    Stay,
}

impl From<Fall> for Arm {
    fn from(fall: Fall) -> Self {
        match fall {
            Fall::Stop => Self::Stop,
            Fall::Free => Self::Free,
        }
    }
}

/// Whether the way back up from the free tier is open while the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Only a restart leads back.
    Restart,
    /// The next good answer leads back.
    Automatic,
}

/// The arms. Start from a preset and change what differs:
///
/// ```
/// use licentia::policy::{Arm, Policy};
/// let mut policy = Policy::degrade();
/// policy.integrity = Arm::Stop;
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Policy {
    /// No licence, or one that does not check out.
    pub missing: Fall,
    /// Past its end; at once, with no grace.
    pub expired: Fall,
    /// Suspended, revoked, cancelled, unknown; at once, unless the refusal carries a grace.
    pub refused: Fall,
    /// No seat: at once on a first start, else at the end of the lease.
    pub no_seat: Fall,
    /// The authority cannot be reached, at the end of the lease. Also what the guard's own defects and
    /// stale lists lead to.
    pub unreachable: Arm,
    /// A debugger or instrumentation was found.
    pub tampered: Arm,
    /// The code is not that of the release.
    pub integrity: Arm,
    /// The way back up.
    pub recovery: Recovery,
}

impl Policy {
    /// No licence, no product: BZZZ, TMWS.
    #[must_use]
    pub fn strict() -> Self {
        Self {
            missing: Fall::Stop,
            expired: Fall::Stop,
            refused: Fall::Stop,
            no_seat: Fall::Stop,
            unreachable: Arm::Stop,
            tampered: Arm::Stop,
            integrity: Arm::Stop,
            recovery: Recovery::Automatic,
        }
    }

    /// No licence, free tier, until a restart: Muonroi.
    #[must_use]
    pub fn degrade() -> Self {
        Self {
            missing: Fall::Free,
            expired: Fall::Free,
            refused: Fall::Free,
            no_seat: Fall::Free,
            unreachable: Arm::Free,
            tampered: Arm::Free,
            integrity: Arm::Free,
            recovery: Recovery::Restart,
        }
    }

    /// A check that cannot be made changes nothing: Volcanic Pixels.
    #[must_use]
    pub fn lenient() -> Self {
        Self {
            unreachable: Arm::Stay,
            integrity: Arm::Stay,
            recovery: Recovery::Automatic,
            ..Self::degrade()
        }
    }

    /// Nothing stops and every way back is open: what decides while enforcement is off.
    pub(crate) fn observing() -> Self {
        Self { tampered: Arm::Stay, ..Self::lenient() }
    }

    /// Where a product goes for this reason once no deadline holds it any more.
    pub(crate) fn arm(&self, reason: &Reason) -> Arm {
        match reason {
            Reason::Missing | Reason::Unreadable(_) | Reason::Invalid(_) | Reason::InvalidProof => {
                self.missing.into()
            }
            Reason::Expired => self.expired.into(),
            Reason::Refused(_) if reason.is_seat() => self.no_seat.into(),
            Reason::Refused(_) => self.refused.into(),
            Reason::Unreachable | Reason::ClockSetBack => self.unreachable,
            Reason::Tampered => self.tampered,
            Reason::Integrity => self.integrity,
            Reason::ShutDown => Arm::Stop,
        }
    }

    /// A preset by the name it has in catalogues and configuration files.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "strict" => Some(Self::strict()),
            "degrade" => Some(Self::degrade()),
            "lenient" => Some(Self::lenient()),
            _ => None,
        }
    }
}
