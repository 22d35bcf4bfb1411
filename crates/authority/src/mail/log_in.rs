//! The mail with a link to log in with.

use licentia_issue::Secret;
use serde_json::json;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::jobs::NewJob;
use crate::mail::{KIND, Template};

impl Authority {
    /// Mails a link to log in with, that is good for so many minutes; before all that waits. Address and link rest
    /// sealed, and are gone once they are sent.
    pub async fn mail_log_in(
        &self,
        email: &str,
        link: Secret<String>,
        minutes: u32,
    ) -> Result<(), AuthorityError> {
        let id = self.uuid();
        let text = json!({ "email": email, "link": link.expose(), "minutes": minutes }).to_string();
        let sealed =
            self.master().seal(&sealed_for_job(id), text.as_bytes(), self.random().bytes())?;
        self.queue_job(NewJob {
            id: Some(id),
            kind: KIND,
            event: Template::LogIn.as_str().into(),
            payload: json!({}),
            sealed: Some(sealed),
            due_at: Some(0),
            ..NewJob::default()
        })
        .await
        .map(drop)
    }
}

/// The name under which the sealed part of a job of its own is sealed.
pub(crate) fn sealed_for_job(id: uuid::Uuid) -> String {
    format!("job/{id}")
}
