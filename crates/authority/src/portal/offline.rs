//! A customer's machine without network: its request, brought to the portal, is answered for the visited licence alone.

use licentia_license::offline::{OfflineRequest, OfflineReturn};
use licentia_protocol::offline::{Answer, Request};
use licentia_protocol::{Code, Problem};
use uuid::Uuid;

use crate::authority::Authority;
use crate::denied::failure;
use crate::error::AuthorityError;
use crate::idempotency::Caller;
use crate::portal::enter::Visit;

impl Authority {
    /// Answers a request, or takes the proof that a seat was given back. A typed word needs no key where the licence
    /// keeps one.
    pub async fn own_offline(
        &self,
        visit: Visit,
        mut request: Request,
        caller: Caller,
    ) -> Result<Answer, Problem> {
        let id = visit.license_id;
        if request.code.is_some() && request.license_key.is_none() {
            request.license_key = self.show_license(id).await.map_err(|e| failure(&e))?.key;
        }
        let (document, key) = (request.document.clone(), request.license_key.clone());
        let own = self.is_of_license(id, document, key).await.map_err(|e| failure(&e))?;
        if !own {
            let what = "This is of another licence; log in with that one.";
            return Err(Problem::new(Code::NotTheHolder).because(what));
        }
        self.offline(request, caller).await
    }

    /// What cannot be read is nobody's; whoever answers it says what is wrong.
    async fn is_of_license(
        &self,
        id: Uuid,
        document: Option<String>,
        key: Option<String>,
    ) -> Result<bool, AuthorityError> {
        let mut key = key;
        let mut activation = None;
        if let Some(document) = document.as_deref().map(str::trim) {
            if let Ok(asked) = OfflineRequest::open(document) {
                key = Some(asked.claims().license_key.clone());
            } else if let Ok(returned) = OfflineReturn::open(document) {
                activation = Some(Uuid::parse_str(&returned.claims().act).unwrap_or_default());
            } else {
                return Ok(true);
            }
        }
        self.read(move |this, tx| {
            Box::pin(async move {
                if let Some(activation) = activation {
                    return Ok(tx
                        .activation(activation)
                        .await?
                        .is_some_and(|it| it.license_id == id));
                }
                match key {
                    Some(key) => Ok(this.license_of_key(tx, &key).await?.is_ok_and(|of| of == id)),
                    None => Ok(true),
                }
            })
        })
        .await
    }
}
