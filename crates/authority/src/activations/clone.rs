//! An installation that turns out to be a copy, or a restored snapshot: the event, and what the plan says.

use licentia_model::plan::OnClone;
use licentia_model::{LicenseState, Plan};
use licentia_storage::Transaction;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::credential::Known;
use crate::error::AuthorityError;

/// What the plan says of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Copied {
    /// It was put on record.
    GoesOn,
    /// It must activate again, by the rules of take-over.
    ActivatesAgain,
    /// The licence is suspended.
    Suspended,
}

impl Authority {
    /// Puts a copy on record and does what the plan says.
    pub(crate) async fn clone_detected(
        &self,
        tx: &mut dyn Transaction,
        known: &mut Known,
        plan: &Plan,
        entry: Entry,
        actor: &Actor,
    ) -> Result<Copied, AuthorityError> {
        let id = known.license.id;
        self.announce(tx, actor, "activation.clone_detected", id, entry).await?;
        Ok(match plan.on_clone {
            OnClone::Warn => Copied::GoesOn,
            OnClone::Reactivate => Copied::ActivatesAgain,
            // One that is revoked and in its grace is past being suspended.
            OnClone::Suspend if known.license.state != LicenseState::Active => Copied::GoesOn,
            OnClone::Suspend => {
                let license = known.license.clone();
                let reason = Some("clone_detected".to_owned());
                known.license = self.suspend_in(tx, license, reason, actor).await?;
                Copied::Suspended
            }
        })
    }
}
