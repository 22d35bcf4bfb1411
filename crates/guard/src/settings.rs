//! What the builder was told, once it has been checked.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use licentia_license::fingerprint::Fingerprint;

use crate::clock::{Clock, Random};
use crate::policy::Policy;

/// What the customer entered at set-up; goes along with the activation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setup {
    /// Who set it up.
    pub email: Option<String>,
    /// For which organisation.
    pub organization_name: Option<String>,
    /// When the terms were accepted.
    pub terms_accepted_at: Option<Timestamp>,
}

/// What stays the same while the guard runs.
pub(crate) struct Settings {
    pub(crate) product: String,
    pub(crate) policy: Policy,
    /// Sorted.
    pub(crate) free_features: Vec<String>,
    pub(crate) free_limits: BTreeMap<String, Option<u64>>,
    /// Ranks by tier name in upper case.
    pub(crate) ranks: BTreeMap<String, u32>,
    pub(crate) setup: Setup,
    pub(crate) observe_only: bool,
    /// Shortens every lease to so many seconds.
    pub(crate) offline_grace_s: Option<i64>,
    /// Lengthens the time between heartbeats to so many seconds.
    pub(crate) heartbeat_s: Option<i64>,
    pub(crate) hostname: Option<String>,
    /// Revocation lists are to be had: without a newer one in time the preset decides.
    pub(crate) follows_lists: bool,
    /// They are fetched from an address of their own.
    pub(crate) fetches_lists: bool,
    /// What this machine is known by, the default scheme first.
    pub(crate) machine: Vec<Fingerprint>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}
