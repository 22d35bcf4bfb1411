//! A customer asks for a renewal: nothing changes, and whoever is to hear of it does.

use licentia_model::LicenseState;
use licentia_storage::audit::AuditFilter;

use crate::audit::{CUSTOMER, Entry};
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::licenses::list::missing;
use crate::portal::actor;
use crate::portal::enter::Visit;

/// How long a request stands before it may be made again.
const DAY_S: i64 = 86_400;
const LONGEST: usize = 500;

impl Authority {
    /// Asks for a renewal of the visited licence; once a day is enough, and asking again tells nobody anew.
    pub async fn request_renewal(
        &self,
        visit: Visit,
        message: Option<String>,
        origin: &str,
    ) -> Result<(), AuthorityError> {
        if message.as_ref().is_some_and(|it| it.chars().count() > LONGEST) {
            let problem = format!("it must be at most {LONGEST} characters");
            return Err(AuthorityError::Invalid { field: "message", problem });
        }
        let actor = actor(origin);
        self.write(move |this, tx| {
            Box::pin(async move {
                let id = visit.license_id;
                let license = tx.lock_license(id).await?.ok_or_else(|| missing(id))?;
                if let LicenseState::Revoked { .. } | LicenseState::Cancelled { .. } = license.state
                {
                    return Err(AuthorityError::NotAllowed {
                        what: "licence",
                        action: "renewed",
                        state: license.state.as_str(),
                    });
                }
                let since = this.clock().now().saturating_sub(DAY_S);
                let before = AuditFilter {
                    actor: Some(CUSTOMER.to_owned()),
                    action: Some("license.renewal_requested".to_owned()),
                    subject: Some(subject(id)),
                    since: since.saturating_mul(1_000_000),
                    until: i64::MAX,
                    before: None,
                    limit: 1,
                };
                if !tx.audit_page(&before).await?.is_empty() {
                    return Ok(());
                }
                let entry = Entry::new()
                    .fact("expires_at", license.expires_at)
                    .personal("message", message.as_deref());
                this.announce(tx, &actor, "license.renewal_requested", id, entry).await
            })
        })
        .await
    }
}
