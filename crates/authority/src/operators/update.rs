//! Gives an operator another role.

use licentia_model::operator::Role;
use licentia_protocol::resource;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Entry;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::operators::list::{keep_an_owner, locked, role, subject, view};

impl Authority {
    /// Changes the role; its tokens and sessions are capped by it from the next request on.
    pub async fn change_role(
        &self,
        id: Uuid,
        to: &str,
        ask: impl Into<Ask>,
    ) -> Result<resource::Operator, AuthorityError> {
        let (to, ask) = (role(to)?, ask.into());
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let mut operator = locked(tx, id).await?;
                ask.check(&view(tx, &operator).await?)?;
                if operator.role != to {
                    if to != Role::Owner {
                        keep_an_owner(tx, &operator).await?;
                    }
                    let before = std::mem::replace(&mut operator.role, to);
                    operator.updated_at = this.clock().now();
                    tx.update_operator(&operator).await?;
                    let entry = Entry::change(before.as_str(), to.as_str())
                        .fact("name", operator.name.clone());
                    this.record(tx, &ask.actor, "operator.role", subject(id), entry).await?;
                }
                view(tx, &operator).await
            })
        })
        .await
    }
}
