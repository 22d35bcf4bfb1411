//! Makes a pull token, which is shown this once.

use licentia_model::PullToken;
use licentia_protocol::distribution;
use licentia_storage::Transaction;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::pull_tokens::list::{missing, view};
use crate::secrets::{PULL_TOKEN, recognised_by, token};
use crate::tokens::create::check_name_and_end;

/// What the token is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPullToken {
    /// Whose it is.
    pub license_id: Uuid,
    /// What it is for.
    pub name: String,
    /// When it ends, in seconds since the epoch; `None`: with its licence.
    pub expires_at: Option<i64>,
}

impl Authority {
    /// Makes a pull token of a licence.
    pub async fn create_pull_token(
        &self,
        new: NewPullToken,
        ask: impl Into<Ask>,
    ) -> Result<distribution::PullToken, AuthorityError> {
        check_name_and_end(&new.name, new.expires_at, self.clock().now())?;
        let ask = ask.into();
        let again = ask.actor.clone();
        self.carry_out(
            ask,
            move |this, tx, ask| {
                Box::pin(async move {
                    tx.lock_audit_head().await?;
                    let license = tx.license(new.license_id).await?;
                    let license = license.ok_or_else(|| AuthorityError::NotFound {
                        what: "licence",
                        name: new.license_id.to_string(),
                    })?;
                    let secret = token(PULL_TOKEN, this.random());
                    let row = PullToken {
                        id: this.uuid(),
                        license_id: license.id,
                        name: new.name.trim().to_owned(),
                        prefix: recognised_by(&secret),
                        hash: this.pull_token_hash(secret.expose()),
                        created_at: this.clock().now(),
                        expires_at: new.expires_at,
                        revoked_at: None,
                    };
                    tx.insert_pull_token(&row).await?;
                    let entry = Entry::change(serde_json::Value::Null, "good")
                        .fact("token", row.id.to_string())
                        .fact("name", row.name.clone())
                        .fact("expires_at", row.expires_at);
                    let subject = subject(license.id);
                    this.record(tx, &ask.actor, "pull_token.create", subject, entry).await?;
                    let shown = Some(secret.expose().clone());
                    Ok((row.id, distribution::PullToken { token: shown, ..view(&row) }))
                })
            },
            move |this, tx, id| {
                Box::pin(async move { this.make_pull_token_again(tx, id, &again).await })
            },
        )
        .await
    }

    /// The same request once more: the token is not kept, so it is made anew, and the former one is void.
    async fn make_pull_token_again(
        &self,
        tx: &mut dyn Transaction,
        id: Uuid,
        actor: &Actor,
    ) -> Result<distribution::PullToken, AuthorityError> {
        let mut row = tx.pull_token_by_id(id).await?.ok_or_else(|| missing(id))?;
        let secret = token(PULL_TOKEN, self.random());
        row.hash = self.pull_token_hash(secret.expose());
        let former = std::mem::replace(&mut row.prefix, recognised_by(&secret));
        tx.update_pull_token(&row).await?;
        let entry = Entry::change(former, row.prefix.clone()).fact("token", id.to_string());
        self.record(tx, actor, "pull_token.show", subject(row.license_id), entry).await?;
        Ok(distribution::PullToken { token: Some(secret.expose().clone()), ..view(&row) })
    }
}
