//! The mail with a link to log in with.

use licentia_model::Job;
use licentia_storage::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use super::letter::{Composed, Letter};
use crate::authority::Authority;
use crate::customers::check_email;
use crate::error::AuthorityError;
use crate::hex::hex;
use crate::jobs::NewJob;
use crate::mail::{KIND, Template};
use crate::portal::link::MINUTES;

/// An address is sent no second link within this time.
const PAUSE_S: i64 = 300;

impl Authority {
    /// Queues a mail with a link that opens the portal, before all that waits. Whether anybody holds a licence under the
    /// address is looked up when it is sent, so that the answer and the time it takes tell nobody. The address rests
    /// sealed, and is gone once the mail is.
    pub async fn mail_log_in(&self, email: &str) -> Result<(), AuthorityError> {
        check_email(email)?;
        let id = self.uuid();
        let text = json!({ "email": email }).to_string();
        let sealed =
            self.master().seal(&sealed_for_job(id), text.as_bytes(), self.random().bytes())?;
        let turn = self.clock().now().div_euclid(PAUSE_S);
        self.queue_job(NewJob {
            id: Some(id),
            kind: KIND,
            once: Some(format!("{}{turn}", self.log_ins_of(email))),
            event: Template::LogIn.as_str().into(),
            payload: json!({}),
            sealed: Some(sealed),
            due_at: Some(0),
            ..NewJob::default()
        })
        .await
        .map(drop)
    }

    /// What the `once` of the jobs that mail links to this address begin with.
    pub(crate) fn log_ins_of(&self, email: &str) -> String {
        let address = self.master().hash("address of a link", email.to_lowercase().as_bytes());
        format!("log-in/{}/", hex(&address))
    }

    pub(super) async fn log_in_letter(
        &self,
        tx: &mut dyn Transaction,
        job: &Job,
    ) -> Result<Composed, AuthorityError> {
        let Some(sealed) = &job.sealed else {
            return Ok(Composed::Hopeless("the link was sent before, and is not kept".into()));
        };
        let text = self.master().open(&sealed_for_job(job.id), sealed)?;
        let said: Value = serde_json::from_slice(text.expose()).unwrap_or_default();
        let until = job.created_at + i64::from(MINUTES) * 60;
        if self.clock().now() >= until {
            return Ok(Composed::Void("the link is no longer good".into()));
        }
        let holder = self.licensed_customer(tx, said["email"].as_str().unwrap_or_default()).await?;
        let Some(customer) = holder else {
            return Ok(Composed::Void("nobody holds a licence under this address".into()));
        };
        let token = self.portal_link(&customer, job.id, until);
        let Some(url) = self.public_url(&format!("/portal/link?t={}", token.expose())) else {
            return Ok(Composed::Hopeless("the authority's issuer is no address of a page".into()));
        };
        Ok(Composed::Letter(Box::new(Letter {
            template: Template::LogIn,
            email: customer.email,
            name: customer.name,
            context: json!({ "link": { "url": url, "minutes": MINUTES } }),
            file: None,
        })))
    }
}

/// The name under which the sealed part of a job of its own is sealed.
fn sealed_for_job(id: Uuid) -> String {
    format!("job/{id}")
}
