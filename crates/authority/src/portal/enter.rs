//! A visit of the portal: begun by showing a key, or with a link that was mailed (`link`), proved by a token that the authority alone can make. Nothing of it is
//! kept, so it ends by its time, and with the key that it was begun with.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::Secret;
use licentia_issue::master::equal_bytes;
use licentia_model::License;
use licentia_protocol::Code;
use licentia_storage::Transaction;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::audit::Entry;
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::portal::actor;

/// How long a visit lasts, in seconds.
pub const LIFE_S: i64 = 2 * 3600;

/// Somebody who may see a licence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// The licence.
    pub license_id: Uuid,
    /// Whose it was when the visit began: a transfer ends it.
    customer_id: Uuid,
    /// When it ends.
    until: i64,
}

impl Authority {
    /// Begins a visit with a key of any scheme; [`Code::UnknownLicense`] where there is no licence of it.
    pub async fn enter_portal(
        &self,
        key: &Secret<String>,
        origin: &str,
    ) -> Result<Secret<String>, AuthorityError> {
        let (key, origin) = (key.expose().clone(), origin.to_owned());
        let visit = self
            .write(move |this, tx| {
                Box::pin(async move {
                    let Ok(id) = this.license_of_key(tx, &key).await? else { return Ok(None) };
                    let Some(license) = tx.license(id).await? else { return Ok(None) };
                    this.begin_visit(tx, &license, "key", &origin).await.map(Some)
                })
            })
            .await?;
        let Some(visit) = visit else {
            self.refusals().count(Code::UnknownLicense);
            return Err(AuthorityError::Refused(Code::UnknownLicense));
        };
        Ok(self.visit_token(&visit))
    }

    /// Puts down that a visit begins, and by what.
    pub(super) async fn begin_visit(
        &self,
        tx: &mut dyn Transaction,
        license: &License,
        by: &str,
        origin: &str,
    ) -> Result<Visit, AuthorityError> {
        let until = self.clock().now().saturating_add(LIFE_S);
        let entry = Entry::new().fact("until", until).fact("by", by);
        self.record(tx, &actor(origin), "portal.enter", subject(license.id), entry).await?;
        Ok(Visit { license_id: license.id, customer_id: license.customer_id, until })
    }

    /// What proves it.
    pub(super) fn visit_token(&self, visit: &Visit) -> Secret<String> {
        // Ids and a number: this cannot fail.
        let text = serde_json::to_vec(visit).unwrap_or_default();
        let tag = self.master().hash("portal visit", &text);
        let (text, tag) =
            (Base64UrlUnpadded::encode_string(&text), Base64UrlUnpadded::encode_string(&tag));
        Secret::new(format!("{text}.{tag}"))
    }

    /// The visit that this token proves; `None`: none that goes on.
    pub async fn portal_visit(&self, token: &str) -> Result<Option<Visit>, AuthorityError> {
        let Some(visit) = self.read_visit(token) else { return Ok(None) };
        if self.clock().now() >= visit.until {
            return Ok(None);
        }
        self.read(move |_, tx| {
            Box::pin(async move {
                let license = tx.license(visit.license_id).await?;
                Ok(license.filter(|it| it.customer_id == visit.customer_id).map(|_| visit))
            })
        })
        .await
    }

    fn read_visit(&self, token: &str) -> Option<Visit> {
        let (text, tag) = (token.len() <= 1_024).then(|| token.split_once('.')).flatten()?;
        let text = Base64UrlUnpadded::decode_vec(text).ok()?;
        let tag = Base64UrlUnpadded::decode_vec(tag).ok()?;
        equal_bytes(&self.master().hash("portal visit", &text), &tag)
            .then(|| serde_json::from_slice(&text).ok())
            .flatten()
    }
}
