//! A licence and its life: active, suspended, cancelled, revoked.

use uuid::Uuid;

/// The state of a licence with the facts that belong to it. Expiry is not a state: the signed key says it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LicenseState {
    /// In force.
    Active,
    /// Stopped for a while.
    Suspended {
        /// Since when.
        at: i64,
        /// For the operator's eyes.
        reason: Option<String>,
    },
    /// Given up by its customer.
    Cancelled {
        /// When.
        at: i64,
        /// For the operator's eyes.
        reason: Option<String>,
    },
    /// Ended for good.
    Revoked {
        /// When.
        at: i64,
        /// Reason code.
        reason: Option<String>,
        /// Until when running products may go on.
        grace_until: Option<i64>,
    },
}

/// A transition that the state does not allow; names the state that is in the way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the licence is {0}")]
pub struct NotAllowed(pub &'static str);

impl LicenseState {
    /// The word in answers and in the database.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended { .. } => "suspended",
            Self::Cancelled { .. } => "cancelled",
            Self::Revoked { .. } => "revoked",
        }
    }

    /// Active → suspended.
    pub fn suspend(self, at: i64, reason: Option<String>) -> Result<Self, NotAllowed> {
        match self {
            Self::Active => Ok(Self::Suspended { at, reason }),
            other => Err(NotAllowed(other.as_str())),
        }
    }

    /// Suspended → active.
    pub fn resume(self) -> Result<Self, NotAllowed> {
        match self {
            Self::Suspended { .. } => Ok(Self::Active),
            other => Err(NotAllowed(other.as_str())),
        }
    }

    /// Active or suspended → cancelled.
    pub fn cancel(self, at: i64, reason: Option<String>) -> Result<Self, NotAllowed> {
        match self {
            Self::Active | Self::Suspended { .. } => Ok(Self::Cancelled { at, reason }),
            other => Err(NotAllowed(other.as_str())),
        }
    }

    /// Anything but revoked → revoked.
    pub fn revoke(
        self,
        at: i64,
        reason: Option<String>,
        grace_until: Option<i64>,
    ) -> Result<Self, NotAllowed> {
        match self {
            Self::Revoked { .. } => Err(NotAllowed("revoked")),
            _ => Ok(Self::Revoked { at, reason, grace_until }),
        }
    }
}

/// A licence. What it grants is in its signed key; `tier` and `expires_at` are an index of that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct License {
    /// The `sub` of its keys.
    pub id: Uuid,
    /// The product.
    pub product_id: Uuid,
    /// The plan.
    pub plan_id: Uuid,
    /// The customer.
    pub customer_id: Uuid,
    /// Where it is in its life.
    pub state: LicenseState,
    /// Raised by suspension, cancellation, plan change and rotation of tokens.
    pub token_version: u64,
    /// The signed record of what is granted: the key in force, always a `jwt`.
    pub jti: Uuid,
    /// The key that the customer holds; the record itself, or one in another scheme.
    pub key_jti: Uuid,
    /// Index: tier of the key in force.
    pub tier: String,
    /// Index: end of the key in force; `None` is perpetual.
    pub expires_at: Option<i64>,
    /// Index: whether the key in force is a trial's.
    pub trial: bool,
    /// Issued.
    pub created_at: i64,
    /// Last change.
    pub updated_at: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revoked_is_final_and_nothing_is_done_twice() {
        let active = LicenseState::Active;
        let suspended = active.clone().suspend(1, None).unwrap();
        let revoked = suspended.clone().revoke(2, None, None).unwrap();
        assert_eq!(suspended.clone().suspend(2, None), Err(NotAllowed("suspended")));
        assert_eq!(suspended.resume(), Ok(LicenseState::Active));
        assert_eq!(active.clone().resume(), Err(NotAllowed("active")));
        let cancelled = active.clone().cancel(2, None).unwrap();
        assert_eq!(cancelled.clone().resume(), Err(NotAllowed("cancelled")));
        assert_eq!(cancelled.clone().cancel(3, None), Err(NotAllowed("cancelled")));
        assert!(cancelled.revoke(3, None, None).is_ok());
        assert!(active.revoke(1, None, None).is_ok());
        for again in [
            revoked.clone().suspend(3, None),
            revoked.clone().resume(),
            revoked.clone().cancel(3, None),
            revoked.revoke(3, None, None),
        ] {
            assert_eq!(again, Err(NotAllowed("revoked")));
        }
    }
}
