//! A product that licences are issued for.

use std::collections::BTreeMap;

pub use licentia_license::scheme::{Profile, Scheme};
use uuid::Uuid;

use crate::words;

words! {
    /// What the product does where the licence gives no right.
    Enforcement {
        /// Grace, then stop.
        Strict = "strict",
        /// Grace, then Free.
        Degrade = "degrade",
        /// Stays as it is.
        Lenient = "lenient",
    }
}

/// A product of the vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Row id.
    pub id: Uuid,
    /// Short name, unique; the `aud` of its licences.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Prefix of keys and of environment variables, e.g. `TMWS`.
    pub key_prefix: String,
    /// Scheme of new keys.
    pub scheme: Scheme,
    /// Preset the guard is built with; told to developers, not to products.
    pub enforcement: Enforcement,
    /// Seconds between heartbeats.
    pub heartbeat_s: u32,
    /// Seconds a lease runs on after the last answer.
    pub grace_s: u32,
    /// Plan of licences that name none.
    pub default_plan: String,
    /// Another system's keys that are accepted too.
    pub profile: Option<Profile>,
    /// Schemes that are refused from a time on.
    pub sunset: BTreeMap<Scheme, i64>,
    /// Part of the key of the chain of actions.
    pub project_seed: Vec<u8>,
    /// First import.
    pub created_at: i64,
    /// Last change.
    pub updated_at: i64,
}

impl Product {
    /// Whether keys of this scheme are refused at `now`.
    #[must_use]
    pub fn refuses(&self, scheme: Scheme, now: i64) -> bool {
        self.sunset.get(&scheme).is_some_and(|from| now >= *from)
    }
}
