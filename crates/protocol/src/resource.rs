//! The resources of the operators' side, as the API and `--json` show them.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::licenses::Addons;

/// A product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Product {
    /// Short name.
    pub code: String,
    /// Name for people.
    pub name: String,
    /// Prefix of keys and environment variables.
    pub key_prefix: String,
    /// Scheme of new keys.
    pub scheme: String,
    /// Enforcement preset the guard is built with.
    pub enforcement: String,
    /// Seconds between heartbeats.
    pub heartbeat_interval_s: u32,
    /// Seconds of grace after the last answer.
    pub grace_s: u32,
    /// Plan of licences that name none.
    pub default_plan: String,
    /// Another system's keys that are accepted too: `caio` or `volcanic`.
    pub profile: Option<String>,
    /// Schemes that are refused from a time on.
    pub sunset: BTreeMap<String, Timestamp>,
    /// Schemes whose holders are told from a time on that they will be refused.
    pub warning: BTreeMap<String, Timestamp>,
    /// Of what there is one trial: `customer`, `domain` (of the e-mail address), `machine`.
    pub trial_once_per: Vec<String>,
    /// For installations that never had a licence; `null`: they need one.
    pub upgrade: Option<Upgrade>,
    /// What its licences count.
    pub meters: Vec<Meter>,
}

/// How installations that never had a licence come by one in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Upgrade {
    /// From when on a licence is needed.
    pub until: Timestamp,
    /// Days that one grace lasts, 1 to 90, but never beyond `until`.
    pub days: u32,
    /// Code of the plan that they run as; `null`: the product's default plan.
    #[serde(default)]
    pub plan: Option<String>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    /// Short name.
    pub code: String,
    /// Product code.
    pub product: String,
    /// Tier name.
    pub tier: String,
    /// Order of tiers.
    pub rank: u32,
    /// Features granted.
    pub features: Vec<String>,
    /// Limits by name; `null` is unlimited.
    pub limits: BTreeMap<String, Option<u64>>,
    /// Clusters at a time; `null` is unlimited.
    pub seats: Option<u32>,
    /// Nodes in one cluster; `null` is unlimited.
    pub nodes: Option<u32>,
    /// Days of a trial.
    pub trial_days: Option<u32>,
    /// Whether the product may send what it counts beyond the plan's own quotas.
    pub telemetry: bool,
    /// Seats granted beyond `seats`, marked as such.
    pub overage: u32,
    /// Seconds of silence after which a seat may be given away; `null`: at the end of its lease.
    pub reclaim_after_s: Option<u32>,
    /// How often a day a live cluster id may be taken over.
    pub takeovers_per_day: u32,
    /// What a copied installation leads to: `warn`, `reactivate` or `suspend`.
    pub on_clone: String,
    /// What a broken chain of actions leads to: `warn` or `revoke`.
    pub on_chain_broken: String,
    /// Seconds between heartbeats, where not the product's.
    pub heartbeat_interval_s: Option<u32>,
    /// Seconds of grace, where not the product's.
    pub grace_s: Option<u32>,
    /// How long a machine without network holds its seat, in seconds; `null`: thirty days.
    pub offline_s: Option<u32>,
    /// Requests a minute that all products of one licence may send together; `null`: the server's own limit.
    pub contacts_per_minute: Option<u32>,
    /// Quotas by meter; how much is in `limits`.
    pub quotas: BTreeMap<String, Quota>,
    /// What its customers may fetch.
    #[serde(default)]
    pub distribution: Distribution,
    /// For people: price, support, SLA.
    pub info: BTreeMap<String, String>,
}

/// What the customers of a plan may fetch: releases, and repositories of a container registry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Distribution {
    /// Channels of releases, such as `stable`; none: nothing can be fetched.
    pub channels: Vec<String>,
    /// Which versions, such as `>=1.2, <3`; `null`: all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub versions: Option<String>,
    /// Seconds from the start of a licence within which a release must have been published; `null`: no end. The
    /// attribute `maintenance_until` of a licence, a time or a day, goes before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub maintenance_s: Option<u32>,
    /// Repositories of a container registry: `*` stands for anything but a slash, `{version}` for the version of a
    /// release that is covered, `{channel}` for one of `channels`. Without `{version}`, a repository can be pulled as
    /// long as maintenance lasts.
    pub repositories: Vec<String>,
}

/// A quota of a plan on a meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quota {
    /// Counted over: `hour`, `day`, `month` or `total`.
    pub per: String,
    /// What it means when it is used up: `soft` or `hard`.
    pub kind: String,
}

/// What a product counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Meter {
    /// E.g. `cpu_hours`.
    pub name: String,
    /// E.g. `h`.
    pub unit: String,
    /// Decimal places of the whole number that is reported.
    pub scale: u8,
}

/// A waiver or a grace: a signed document that counts for whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exception {
    /// Code of the product.
    pub product: String,
    /// The document; shown this once.
    pub token: String,
    /// From when on it counts no more.
    pub expires_at: Timestamp,
}

/// What a licence used, by one meter, in all or within one hour, day or month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Usage {
    /// The licence.
    pub license_id: Uuid,
    /// The meter.
    pub meter: String,
    /// As reported: a whole number in units of the meter's last decimal place.
    pub amount: i64,
    /// When the hour, day or month begins, UTC; absent where it is the amount in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// When it ends, not part of it; absent where it is the amount in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// An event of a payment provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Payment {
    /// The provider, e.g. `stripe`.
    pub provider: String,
    /// The provider's id of the event.
    pub event: String,
    /// The provider's word for what happened, e.g. `invoice.paid`.
    pub kind: String,
    /// What it is about: a subscription, or a thing bought once. Its events have this in common.
    pub purchase: Uuid,
    /// The licence that the purchase pays for; `null`: none yet.
    pub license: Option<Uuid>,
    /// When it happened, by the provider's clock.
    pub at: Timestamp,
    /// When it came.
    pub received_at: Timestamp,
}

/// A licence that was revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Revocation {
    /// The licence.
    pub license_id: Uuid,
    /// Its key at the time.
    pub key_id: Uuid,
    /// Product code.
    pub product: String,
    /// When.
    pub revoked_at: Timestamp,
    /// Why.
    pub reason: Option<String>,
    /// Until when running products may go on.
    pub grace_until: Option<Timestamp>,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Customer {
    /// Id.
    pub id: Uuid,
    /// E-mail address.
    pub email: String,
    /// Personal name.
    pub name: Option<String>,
    /// Organisation.
    pub organization: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A licence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct License {
    /// Id; the `sub` of its keys.
    pub id: Uuid,
    /// The customer's key; `null` where it is not kept (`short`, `v1`), and so shown only when issued.
    pub key: Option<String>,
    /// Scheme of that key.
    pub scheme: String,
    /// Product code.
    pub product: String,
    /// Plan code.
    pub plan: String,
    /// Tier.
    pub tier: String,
    /// `active`, `trial`, `suspended`, `expired`, `cancelled` or `revoked`.
    pub state: String,
    /// End; `null` is perpetual.
    pub expires_at: Option<Timestamp>,
    /// Issued.
    pub created_at: Timestamp,
    /// Version of its tokens.
    pub token_version: u64,
    /// Seats granted; `null` is unlimited.
    pub seats: Option<u32>,
    /// Nodes in one cluster; `null` is unlimited.
    pub nodes: Option<u32>,
    /// Features granted.
    pub features: Vec<String>,
    /// Limits by name; `null` is unlimited.
    pub limits: BTreeMap<String, Option<u64>>,
    /// Id of the key in force: what a revocation of the key names.
    pub key_id: Uuid,
    /// Not valid before; `null`: from its issue on.
    pub starts_at: Option<Timestamp>,
    /// A trial licence, whatever its state.
    pub trial: bool,
    /// Until when releases are part of it, apart from the right to use it; `null`: for as long as it is valid.
    pub maintained_until: Option<Timestamp>,
    /// Whether the product may send what it counts beyond what the licence limits.
    pub telemetry: bool,
    /// What is granted beside the plan.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub addons: Option<Addons>,
    /// Since when it is suspended, cancelled or revoked.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state_since: Option<Timestamp>,
    /// Why it is.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub state_reason: Option<String>,
    /// Until when running products may go on after a revocation.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub grace_until: Option<Timestamp>,
    /// Last change.
    pub updated_at: Timestamp,
    /// Whom it was issued to.
    pub customer: Customer,
}

/// An activation with its seat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Activation {
    /// Id.
    pub id: Uuid,
    /// The licence.
    pub license_id: Uuid,
    /// The cluster.
    pub cluster_id: String,
    /// Host name, as told by the product.
    pub hostname: Option<String>,
    /// Nodes last reported.
    pub nodes: Option<u32>,
    /// Whether it holds a seat now.
    pub live: bool,
    /// Silent for so long that its seat may be given away, while its lease still runs.
    pub overlapping: bool,
    /// Beyond the seats paid for, within the plan's overage.
    pub overage: bool,
    /// Number of answers so far.
    pub generation: u64,
    /// A machine without network: its lease was carried there, and no release stops it before that ends.
    pub offline: bool,
    /// Last answer.
    pub last_seen: Timestamp,
    /// End of the lease; `null` once given back.
    pub lease_until: Option<Timestamp>,
    /// First activation.
    pub created_at: Timestamp,
}

/// A signing key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SigningKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// Algorithm.
    pub alg: String,
    /// What it signs.
    pub purposes: Vec<String>,
    /// Where it is in its life.
    pub state: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What the check of the audit trail found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditReport {
    /// Whether the trail is whole.
    pub valid: bool,
    /// Rows read.
    pub rows: u64,
    /// Checkpoints outside the database that were compared.
    #[serde(default)]
    pub checkpoints: u64,
    /// Rows that were edited, removed or moved, in words.
    pub findings: Vec<String>,
}

/// A webhook: where events are told to, by signed calls (Standard Webhooks).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Webhook {
    /// Id.
    pub id: Uuid,
    /// Where to.
    pub url: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events; none: all of them.
    pub events: Vec<String>,
    /// `v1`: HMAC-SHA256 under a secret. `v1a`: Ed25519.
    pub signing: String,
    /// The secret of `v1`, `whsec_…`; in the answer that makes it, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// The public key of `v1a`, `whpk_…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<String>,
    /// Until when the former secret signs, too.
    pub former_secret_until: Option<Timestamp>,
    /// Since when nothing is sent; `null`: it is.
    pub disabled_at: Option<Timestamp>,
    /// Why nothing is.
    pub disabled_why: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
}

/// A side effect: a mail, a call of a webhook. It is carried out at least once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Job {
    /// Id; what its receiver knows it by, too.
    pub id: Uuid,
    /// Who carries it out: `mail`, `webhook`, …
    pub kind: String,
    /// `waiting`, `done`, or `dead`: given up.
    pub state: String,
    /// What it tells, e.g. `license.suspended`.
    pub event: String,
    /// The licence it is about.
    pub license_id: Option<Uuid>,
    /// Where it goes, where a kind has several such: the id of a webhook.
    pub target: Option<Uuid>,
    /// How often it was begun since it was queued or sent again.
    pub attempts: u32,
    /// When it is tried next; `null` where it does not wait.
    pub due_at: Option<Timestamp>,
    /// What the last attempt ended with.
    pub outcome: Option<String>,
    /// When it was queued.
    pub created_at: Timestamp,
    /// When it was done or given up.
    pub ended_at: Option<Timestamp>,
    /// What is sent; of one job only, not in a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<serde_json::Value>,
}

/// An operator's API token. Sent as `Authorization: Bearer`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiToken {
    /// Id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// Whose it is: the operator's name.
    pub operator: String,
    /// Its first letters, to recognise it by.
    pub prefix: String,
    /// What it may do, as long as its operator's role allows it: `RESOURCE:read`, `RESOURCE:write`, `admin`.
    pub scopes: Vec<String>,
    /// The token itself; in the answer that makes it, and never again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `null`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to a minute; `null`: never.
    pub last_used_at: Option<Timestamp>,
    /// Since when it opens nothing any more; `null`: it does.
    pub revoked_at: Option<Timestamp>,
}

/// Somebody who operates the authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Operator {
    /// Id.
    pub id: Uuid,
    /// Log-in name.
    pub name: String,
    /// `owner`, `operator`, `support` or `read-only`.
    pub role: String,
    /// Whether there is a password; without one there are tokens alone.
    pub password: bool,
    /// Whether a log-in needs a one-time code too.
    pub second_factor: bool,
    /// Recovery codes that are left.
    pub recovery_codes: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A log-in that goes on.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Session {
    /// Id.
    pub id: Uuid,
    /// Whose it is.
    pub operator_id: Uuid,
    /// Its name.
    pub operator: String,
    /// The address it was begun from.
    pub origin: String,
    /// The program that began it, in its own words.
    pub agent: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
    /// Its token, for `Authorization: Bearer`; in the answer that begins it, unless a cookie was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What a page sends as `X-CSRF-Token` with the cookie; in the answer that begins it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to a minute.
    pub last_used_at: Timestamp,
    /// When it ends, however much it is used; two hours without use end it too.
    pub expires_at: Timestamp,
}

/// A secret for an authenticator, shown once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecondFactor {
    /// In base32, to type.
    pub secret: String,
    /// `otpauth://…`, to show as a QR code.
    pub uri: String,
}

/// Codes for who has lost the authenticator; each opens once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RecoveryCodes {
    /// Shown once.
    pub codes: Vec<String>,
}

/// A row of the audit trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who: `operator:…`, `cli:…`, `product`, `system`.
    pub actor: String,
    /// From where: an address, `local`, or `committed` where it is a personal value of a customer.
    pub origin: String,
    /// What, e.g. `license.suspend`.
    pub action: String,
    /// To what, e.g. `license:UUID`.
    pub subject: String,
    /// Before, after, and other facts; personal values as salted hashes.
    pub details: BTreeMap<String, serde_json::Value>,
    /// The personal values that were not erased.
    pub personal: BTreeMap<String, String>,
    /// Hash of the row, which covers the one before.
    pub hash: String,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// `after` of the next part; `null`: this was the last.
    pub next: Option<String>,
}

/// What holds a secret does not print.
macro_rules! unprinted {
    ($($name:ident),+) => {
        $(impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        })+
    };
}
unprinted!(ApiToken, Webhook, Session, SecondFactor, RecoveryCodes);
