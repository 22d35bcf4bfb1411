//! A key that leaked is replaced: the licence, its seats and its history stay what they are, the old key is revoked.

use licentia_protocol::licenses::ReplaceKey;
use licentia_protocol::resource;
use licentia_protocol::revocations::RevokeKey;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::amend::{Amendment, Key};
use crate::licenses::renew::still_alive;
use crate::revocations::keys::revocation;

impl Authority {
    /// Gives a licence a new key and revokes the one before, in one transaction.
    pub async fn replace_key(
        &self,
        id: Uuid,
        request: ReplaceKey,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        let request = RevokeKey {
            key_id: id.to_string(),
            reason: Some(request.reason.unwrap_or_else(|| "leaked".to_owned())),
            comment: request.comment,
            grace_s: request.grace_s,
        };
        let revoked = revocation(request, self.clock().now())?;
        self.change_license(id, ask.into(), move |this, tx, license, actor| {
            Box::pin(async move {
                still_alive(&license, "given a new key")?;
                let known = this.know(tx, license).await?;
                let (product, _) = this.terms_of(tx, &known).await?;
                let mut before = vec![known.license.jti, known.license.key_jti];
                before.dedup();
                let after = known.claims.claims().clone();
                let amendment = Amendment {
                    action: "license.replace_key",
                    actor: &actor,
                    product: &product,
                    before: &known.claims,
                    after,
                    stale_tokens: false,
                    key: Key::Replaces,
                    entry: Entry::new(),
                };
                let changed = this.amend(tx, known.license, amendment).await?;
                for key in before {
                    let mut revoked = revoked.clone();
                    revoked.key_id = key.to_string();
                    this.revoke_key_in(tx, revoked, &actor).await?;
                }
                Ok(changed)
            })
        })
        .await
    }
}
