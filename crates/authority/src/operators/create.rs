//! Lets somebody in.

use licentia_issue::Secret;
use licentia_model::Operator;
use licentia_protocol::resource;
use serde_json::Value;

use crate::access::password;
use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::operators::list::{role, subject, view};

const LONGEST_NAME: usize = 64;

/// Who it is to be.
pub struct NewOperator {
    /// Log-in name.
    pub name: String,
    /// `owner`, `operator`, `support` or `read-only`.
    pub role: String,
    /// A first password; `None`: tokens alone, until one is set.
    pub password: Option<Secret<String>>,
}

impl Authority {
    /// Makes an operator.
    pub async fn create_operator(
        &self,
        new: NewOperator,
        ask: impl Into<Ask>,
    ) -> Result<resource::Operator, AuthorityError> {
        let ask = ask.into();
        check_name(&new.name)?;
        let role = role(&new.role)?;
        let hash = match new.password {
            Some(given) => {
                password::check(&new.name, given.expose())?;
                Some(self.hash_password(given).await?)
            }
            None => None,
        };
        let name = new.name;
        self.carry_out(
            ask,
            move |this, tx, ask| {
                Box::pin(async move {
                    tx.lock_audit_head().await?;
                    if tx.operator_by_name(&name).await?.is_some() {
                        return Err(AuthorityError::Exists { what: "operator", name });
                    }
                    let now = this.clock().now();
                    let operator = Operator {
                        id: this.uuid(),
                        name,
                        role,
                        password: hash,
                        totp: None,
                        totp_pending: None,
                        totp_step: 0,
                        created_at: now,
                        updated_at: now,
                    };
                    tx.insert_operator(&operator).await?;
                    let entry = Entry::change(Value::Null, operator.role.as_str())
                        .fact("name", operator.name.clone())
                        .fact("password", operator.password.is_some());
                    let subject = subject(operator.id);
                    this.record(tx, &ask.actor, "operator.create", subject, entry).await?;
                    Ok((operator.id, view(tx, &operator).await?))
                })
            },
            |_, tx, id| {
                Box::pin(async move {
                    let operator = tx.operator(id).await?;
                    let operator = operator.ok_or_else(|| crate::operators::list::missing(id))?;
                    view(tx, &operator).await
                })
            },
        )
        .await
    }
}

fn check_name(name: &str) -> Result<(), AuthorityError> {
    let fine =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._@-".contains(&byte);
    if (2..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(fine) {
        return Ok(());
    }
    let problem = "wants 2 to 64 of lower-case letters, digits, `.`, `_`, `@` and `-`".into();
    Err(AuthorityError::Invalid { field: "name", problem })
}
