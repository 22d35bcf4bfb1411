//! Which mail a message of the outbox becomes.

use licentia_model::Message;
use licentia_storage::Transaction;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::hex::hex;
use crate::jobs::NewJob;
use crate::mail::{KIND, Template};
use crate::webhooks::events::{EXPIRED, EXPIRING, TRIAL_ENDING};

/// How much earlier a mail is due that somebody may wait for than one of thousands of notices.
const AHEAD_S: i64 = 3_600;

/// The mail, if there is to be one. Where, and what it says of the licence, is looked up when it is sent.
pub(crate) async fn of_message(
    authority: &Authority,
    tx: &mut dyn Transaction,
    message: &Message,
) -> Result<Option<NewJob>, AuthorityError> {
    let facts: Value = serde_json::from_str(&message.facts).unwrap_or_default();
    let (template, ahead) = match message.kind.as_str() {
        "license.issue" | "license.transfer" | "license.replace_key" if facts["quiet"] != true => {
            (Template::LicenseDelivered, AHEAD_S)
        }
        "license.renew" => (Template::LicenseRenewed, AHEAD_S),
        "license.change_plan" | "license.addons" | "license.convert" => {
            (Template::LicenseChanged, AHEAD_S)
        }
        "license.suspend" => (Template::LicenseSuspended, AHEAD_S),
        EXPIRING => (Template::LicenseExpiring, 0),
        EXPIRED => (Template::LicenseExpired, 0),
        TRIAL_ENDING => (Template::TrialEnding, 0),
        "activation.activate" => (Template::NewSeat, 0),
        _ => return Ok(None),
    };
    let mut once = format!("mail/{}", message.seq);
    if template == Template::NewSeat {
        // A machine is told of once, and one that does not say which it is never: pods come and go.
        let activation = facts["activation"].as_str().and_then(|id| Uuid::parse_str(id).ok());
        let Some(activation) = activation else { return Ok(None) };
        let activation = tx.activation(activation).await?;
        let Some(machine) = activation.and_then(|known| known.fingerprint) else {
            return Ok(None);
        };
        let machine = authority.master().hash("machine of a mail", machine.as_bytes());
        once = format!("seat/{}/{}", message.license_id, hex(&machine));
    }
    Ok(Some(NewJob {
        kind: KIND,
        once: Some(once),
        license_id: Some(message.license_id),
        event: template.as_str().into(),
        payload: json!({
            "days": facts["days"], "expires_at": facts["expires_at"], "activation": facts["activation"],
        }),
        sealed: message.sealed.clone(),
        due_at: Some(message.at.saturating_sub(ahead)),
        ..NewJob::default()
    }))
}
