//! A change of a licence: once, under its lock, from the state that is asked for.

use licentia_model::License;
use licentia_protocol::resource;
use licentia_storage::{BoxFuture, Transaction};
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::Actor;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::licenses::list::missing;

/// A licence after a change, and a key that can be shown only now.
pub(crate) struct Changed {
    pub(crate) license: License,
    pub(crate) shown_once: Option<String>,
}

impl From<License> for Changed {
    fn from(license: License) -> Self {
        Self { license, shown_once: None }
    }
}

impl Authority {
    /// Changes a licence.
    pub(crate) async fn change_license<F>(
        &self,
        id: Uuid,
        ask: Ask,
        work: F,
    ) -> Result<resource::License, AuthorityError>
    where
        F: for<'t> FnOnce(
                Self,
                &'t mut dyn Transaction,
                License,
                Actor,
            ) -> BoxFuture<'t, Result<Changed, AuthorityError>>
            + Send
            + 'static,
    {
        self.carry_out(
            ask,
            move |this, tx, ask| {
                Box::pin(async move {
                    let license = tx.lock_license(id).await?.ok_or_else(|| missing(id))?;
                    if ask.only_if.is_some() {
                        ask.check(&this.view(tx, license.clone()).await?)?;
                    }
                    let changed = work(this.clone(), tx, license, ask.actor).await?;
                    let mut view = this.view(tx, changed.license).await?;
                    view.key = changed.shown_once.or(view.key);
                    Ok((id, view))
                })
            },
            |this, tx, id| {
                Box::pin(async move {
                    let license = tx.lock_license(id).await?.ok_or_else(|| missing(id))?;
                    this.view(tx, license).await
                })
            },
        )
        .await
    }
}
