//! What runs beside the requests: side effects ([`work`]), chores at their time ([`scheduler`]), and the rest, which
//! every replica does for itself.

use std::sync::Arc;

use licentia_authority::Authority;

use crate::config::Config;

pub(crate) mod alive;
pub(crate) mod carrier;
pub(crate) mod checkpoint;
pub(crate) mod count;
pub(crate) mod events;
pub(crate) mod refusals;
pub(crate) mod scheduler;
pub(crate) mod uses;
pub(crate) mod work;

/// Who carries out jobs, one a kind.
pub(crate) fn carriers(_: &Authority, _: &Config) -> Vec<Arc<dyn carrier::Carrier>> {
    Vec::new()
}
