//! What operators say about licences.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};

/// What a licence grants beside its plan, or instead of it. A plan change keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Addons {
    /// Features added to the plan's.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub features: BTreeSet<String>,
    /// Features of the plan that are not granted.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub without: BTreeSet<String>,
    /// Limits in place of the plan's, or added to them; `null` is unlimited.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub limits: BTreeMap<String, Option<u64>>,
    /// Seats in place of the plan's; `null` is unlimited, absent is the plan's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub seats: Option<Option<u32>>,
    /// Nodes in place of the plan's; `null` is unlimited, absent is the plan's.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>))]
    pub nodes: Option<Option<u32>>,
}

/// `null` is something else than nothing.
fn told<'de, D, T>(value: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(value).map(Some)
}

/// When a licence ends: one of the three, or perpetual where nothing is said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Term {
    /// Expired from this time on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
    /// So many days; from now, or in a renewal from the former end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    /// Never.
    #[serde(default, skip_serializing_if = "is_false")]
    pub perpetual: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

/// A licence to be issued.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewLicense {
    /// Product code.
    pub product: String,
    /// Plan code; none: the product's default plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Key scheme: `jwt`, `v2`, `v1` or `short`; none: the product's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// The customer's e-mail address.
    pub email: String,
    /// The customer's personal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The customer's organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// When it ends.
    #[serde(flatten)]
    pub term: Term,
    /// Not valid before; days count from then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_at: Option<Timestamp>,
    /// A trial licence; without an end it ends with the plan's trial.
    #[serde(default, skip_serializing_if = "is_false")]
    pub trial: bool,
    /// A trial although there was one already of this customer, or of whatever the product has one of.
    #[serde(default, skip_serializing_if = "is_false")]
    pub another_trial: bool,
    /// The machine it is bound to, as `licentia fingerprint` prints it there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bind: Option<String>,
    /// Free attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
    /// What is granted beside the plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub addons: Option<Addons>,
}

/// Many licences to be issued, all of them or none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewLicenses {
    /// At most 10,000.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licenses: Vec<NewLicense>,
    /// Or so many, at most 10,000, that are all like `like`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// What they are all like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub like: Option<NewLicense>,
}

/// Enforcement that is switched off for a while.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewWaiver {
    /// For how many seconds from now; at most 90 days.
    pub for_s: u32,
    /// Why; shown wherever it takes effect.
    pub reason: String,
    /// Who asked for it; shown too.
    pub by: String,
}

/// A start before a licence exists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewGrace {
    /// For how many seconds from now; at most 90 days.
    pub for_s: u32,
    /// The plan to run as; the product's default plan, if nothing is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Only on this machine, as `licentia fingerprint` tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Why; for the audit trail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Somebody else's key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportKey {
    /// As the customer has it.
    pub key: String,
}

/// Why something is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Because {
    /// For the audit trail: at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A revocation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revoke {
    /// For the audit trail: at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Seconds that running products may go on.
    #[serde(default)]
    pub grace_s: u32,
}

/// A new key for one that leaked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplaceKey {
    /// The public code of the old key's revocation: `refund`, `terms`, `leaked` (default), `superseded` or `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What to remember besides; it is not published. At most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Seconds that products without network may go on with the old key.
    #[serde(default)]
    pub grace_s: u32,
}

/// What a link renews.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewRenewalLink {
    /// By so many days from the end that the licence has now.
    pub days: u32,
    /// For how many days the link works, 1 to 365; default: 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_days: Option<u32>,
}

/// A link that renews a licence once, for whoever opens it and says so.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RenewalLink {
    /// To be opened in a browser; a path where the authority's name is no address.
    pub url: String,
    /// From when on it works no more.
    pub expires_at: Timestamp,
    /// The end that the licence gets.
    pub renews_until: Timestamp,
}

/// A renewal by link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RenewByLink {
    /// What the link ends with.
    pub token: String,
}

/// What a link does, or has done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Renewal {
    /// The licence.
    pub license_id: uuid::Uuid,
    /// Name of the product.
    pub product: String,
    /// Its end now.
    pub expires_at: Option<Timestamp>,
    /// The end that the link gives it.
    pub renews_until: Timestamp,
    /// Whether that is done.
    pub renewed: bool,
}

/// A change of plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChangePlan {
    /// Code of another plan of the same product.
    pub plan: String,
    /// What was granted beside the former plan is not granted any more.
    #[serde(default, skip_serializing_if = "is_false")]
    pub drop_addons: bool,
}

/// A trial that becomes a paid licence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Convert {
    /// Plan code; none: the plan stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// When it ends; days count from now.
    #[serde(flatten)]
    pub term: Term,
}

/// A transfer to another customer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transfer {
    /// The new customer's e-mail address.
    pub email: String,
    /// The new customer's personal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The new customer's organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// The installations go along: keys from before still count and seats stay taken.
    #[serde(default, skip_serializing_if = "is_false")]
    pub keep_installations: bool,
}

/// Which signing key's licences get a new signature.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReissueAll {
    /// Its `kid`.
    pub signed_by: String,
    /// Licences up to this one are done already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<uuid::Uuid>,
}

/// How far a re-issue came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Reissued {
    /// Licences that got a new signature in this call.
    pub count: u32,
    /// What to send as `after` to go on; `null`: all are done.
    pub next: Option<uuid::Uuid>,
}

/// A customer to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewCustomer {
    /// E-mail address, in any case the only one of its kind.
    pub email: String,
    /// Personal name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// What changes of a customer; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EditCustomer {
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Personal name; `null` forgets it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub name: Option<Option<String>>,
    /// Organisation; `null` forgets it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "told")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub organization: Option<Option<String>>,
}
