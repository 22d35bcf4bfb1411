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

words! {
    /// Of what a product has one trial.
    TrialOf {
        /// The customer, by his address.
        Customer = "customer",
        /// All addresses of one domain: a company.
        Domain = "domain",
        /// The machine that it runs on.
        Machine = "machine",
    }
}

/// How installations that never had a licence come by one in time: until then the authority lets them run.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Upgrade {
    /// From when on a licence is needed.
    pub until: i64,
    /// Days that one grace lasts, but never beyond `until`.
    pub days: u32,
    /// Code of the plan that they run as; none: the product's default plan.
    pub plan: Option<String>,
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
    /// Schemes whose holders are told from a time on that they will be refused.
    pub warning: BTreeMap<Scheme, i64>,
    /// Of what there is one trial; of nothing: as many as are issued.
    pub trial_once_per: Vec<TrialOf>,
    /// For installations that never had a licence.
    pub upgrade: Option<Upgrade>,
    /// Part of the key of the chain of actions.
    pub project_seed: Vec<u8>,
    /// First import.
    pub created_at: i64,
    /// Last change.
    pub updated_at: i64,
}

impl Product {
    /// Whether holders of keys of this scheme are to be told that these will be refused, or are.
    #[must_use]
    pub fn is_retiring(&self, scheme: Scheme, now: i64) -> bool {
        self.warning.get(&scheme).is_some_and(|from| now >= *from) || self.refuses(scheme, now)
    }

    /// Whether keys of this scheme are refused at `now`.
    #[must_use]
    pub fn refuses(&self, scheme: Scheme, now: i64) -> bool {
        self.sunset.get(&scheme).is_some_and(|from| now >= *from)
    }
}
