//! What runs beside the requests: side effects ([`work`]), chores at their time ([`scheduler`]), and the rest, which
//! every replica does for itself.

use std::sync::Arc;

use licentia_authority::Authority;

use crate::config::Config;
use crate::mail::Mailer;
use crate::webhooks::Caller;

pub(crate) mod alive;
pub(crate) mod carrier;
pub(crate) mod checkpoint;
pub(crate) mod count;
pub(crate) mod dispatch;
pub(crate) mod events;
pub(crate) mod refusals;
pub(crate) mod revocations;
pub(crate) mod scheduler;
pub(crate) mod uses;
pub(crate) mod work;

/// Who carries out jobs, one a kind; what is wrong with the configuration, where one cannot.
pub(crate) fn carriers(
    authority: &Authority,
    config: &Config,
) -> Result<Vec<Arc<dyn carrier::Carrier>>, String> {
    let mut carriers: Vec<Arc<dyn carrier::Carrier>> =
        vec![Arc::new(Caller::new(authority, &config.webhooks)?)];
    if let Some(mailer) = Mailer::of(authority, &config.mail)? {
        carriers.push(Arc::new(mailer));
    }
    Ok(carriers)
}
