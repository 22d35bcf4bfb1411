//! Sets a password, which ends every other session of the operator.

use licentia_issue::Secret;
use licentia_model::Scope;
use licentia_protocol::{Code, resource};
use uuid::Uuid;

use crate::access::{Credential, Principal, password};
use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::operators::list::{locked, missing, subject, view};

/// A new password.
pub struct NewPassword {
    /// What it is to be.
    pub password: Secret<String>,
    /// What it is; an operator who changes his own must know it.
    pub current: Option<Secret<String>>,
}

impl Authority {
    /// Sets a password: one's own, or for an owner anybody's.
    pub async fn set_password(
        &self,
        id: Uuid,
        new: NewPassword,
        by: &Principal,
        ask: impl Into<Ask>,
    ) -> Result<resource::Operator, AuthorityError> {
        let ask = ask.into();
        let operator = self
            .read(move |_, tx| {
                Box::pin(async move { tx.operator(id).await?.ok_or_else(|| missing(id)) })
            })
            .await?;
        password::check(&operator.name, new.password.expose())?;
        if by.operator_id == id {
            self.prove_own(by, operator.password.clone(), new.current).await?;
        } else if !by.is_over_others() {
            return Err(AuthorityError::Forbidden("only an owner sets passwords of others".into()));
        }
        let hash = self.hash_password(new.password).await?;
        let keep = match by.credential {
            Credential::Session(session) => Some(session),
            _ => None,
        };
        self.write(move |this, tx| {
            Box::pin(async move {
                let mut now = locked(tx, id).await?;
                // What was proved was the password of then.
                if now.password != operator.password {
                    return Err(AuthorityError::Changed);
                }
                now.password = Some(hash);
                now.updated_at = this.clock().now();
                tx.update_operator(&now).await?;
                let ended = tx.delete_sessions(id, keep).await?;
                let (before, after) = match operator.password {
                    Some(_) => ("set", "another"),
                    None => ("none", "set"),
                };
                let entry = Entry::change(before, after)
                    .fact("name", now.name.clone())
                    .fact("sessions_ended", ended);
                this.record(tx, &ask.actor, "operator.password", subject(id), entry).await?;
                view(tx, &now).await
            })
        })
        .await
    }

    /// Whoever changes what he gets in with shows that he is himself: by the password, or, where there is none yet,
    /// by a credential for all that he may do. A token for less must not become a log-in for more.
    pub(crate) async fn prove_own(
        &self,
        by: &Principal,
        stored: Option<String>,
        shown: Option<Secret<String>>,
    ) -> Result<(), AuthorityError> {
        if stored.is_none() {
            if by.was_given(Scope::Admin) {
                return Ok(());
            }
            let what = "a first password needs a credential with the scope `admin`";
            return Err(AuthorityError::Forbidden(what.into()));
        }
        let Some(shown) = shown else {
            let problem = "is missing: the current password is needed".into();
            return Err(AuthorityError::Invalid { field: "current", problem });
        };
        if self.is_password(stored, shown).await? {
            return Ok(());
        }
        self.refusals().count(Code::WrongLogin);
        Err(AuthorityError::Invalid { field: "current", problem: "is not the password".into() })
    }
}
