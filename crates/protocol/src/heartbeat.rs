//! `POST /v1/license/heartbeat`: keeps a seat.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

/// What the product sends. The activation is named by its id, or by key and cluster.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HeartbeatRequest))]
pub struct Request {
    /// The activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation_id: Option<Uuid>,
    /// Instead of the activation: the key…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_key: Option<String>,
    /// …and the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
    /// The access token, here or as `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// The version the product knows.
    pub token_version: u64,
    /// 8 to 128 printable characters, echoed in the signed answer.
    pub nonce: String,
    /// The last generation the product was given.
    pub generation: u64,
    /// Nodes of the cluster now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nodes: Option<u32>,
    /// Usage since the last report, by meter, in the meter's smallest unit (`scale` decimal places). A report
    /// that cannot be counted changes nothing else.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "saturated")]
    pub usage: BTreeMap<String, i64>,
    /// Names this report, 1 to 128 characters, so that a repeat counts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_id: Option<String>,
    /// Actions since the last acknowledged one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<Chain>,
}

/// A number beyond the range counts as the end of it: a counter that ran over is no reason to refuse a heartbeat.
fn saturated<'de, D: Deserializer<'de>>(input: D) -> Result<BTreeMap<String, i64>, D::Error> {
    struct Amount(i64);

    impl<'de> Deserialize<'de> for Amount {
        fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
            input.deserialize_i64(AmountVisitor)
        }
    }

    struct AmountVisitor;

    impl Visitor<'_> for AmountVisitor {
        type Value = Amount;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number")
        }

        fn visit_i64<E>(self, amount: i64) -> Result<Amount, E> {
            Ok(Amount(amount))
        }

        fn visit_u64<E>(self, amount: u64) -> Result<Amount, E> {
            Ok(Amount(i64::try_from(amount).unwrap_or(i64::MAX)))
        }
    }

    let amounts = BTreeMap::<String, Amount>::deserialize(input)?;
    Ok(amounts.into_iter().map(|(meter, amount)| (meter, amount.0)).collect())
}

/// Actions that the product carried out, each keyed to the one before (`license::chain`).
///
/// All entries of one heartbeat are sealed under one server nonce, that of the last answer or the one before it. With
/// more than [`MAX_CHAIN_ENTRIES`] the rest follows at once, sealed under the nonce of the answer between. After an
/// activation the chain goes on from the head that its answer tells: what was not acknowledged by then is sealed anew
/// under the nonce of that answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Chain {
    /// The server nonce that the entries were made under.
    pub server_nonce: String,
    /// Hash of the last acknowledged entry, 64 hex digits in lower case; 64 zeros before the first.
    pub previous: String,
    /// In order, at most 2,000.
    pub entries: Vec<ChainEntry>,
}

/// Most entries in one heartbeat.
pub const MAX_CHAIN_ENTRIES: usize = 2_000;

/// One action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChainEntry {
    /// One more than that of the entry before.
    pub sequence: u64,
    /// For whom, as it is, at most 128 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub tenant: String,
    /// What, e.g. `rule-engine`, as it is, at most 128 characters.
    pub action: String,
    /// Hash of what was acted upon, at most 128 hex digits in lower case; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// When, RFC 3339 with `Z`, as it stands in the text of the entry.
    pub time: String,
    /// HMAC of the entry's text, 64 hex digits in lower case; the `previous` of the next.
    pub mac: String,
}

/// What the authority answers.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = HeartbeatAnswer))]
pub struct Answer {
    /// Version of the licence's tokens.
    pub token_version: u64,
    /// When the token ends.
    pub token_expires_at: Timestamp,
    /// A new token, where it was renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// Nonce of the authority, renewed by every answer.
    pub server_nonce: String,
    /// The signed lease.
    pub lease: String,
    /// The signed licence, where it changed since the product last had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license: Option<String>,
    /// Version of the authority's keyset.
    pub keyset_version: u64,
    /// Newest revocation list; 0 where there is none.
    pub revocations_seq: u64,
    /// What the customer should know: quotas near or over, seats beyond those paid for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
    /// Whether the usage that was sent is counted, now or before; absent where none was sent. `false`: keep it, and
    /// send it again under the same `usage_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage_counted: Option<bool>,
    /// Where the chain of actions stands after what was sent; absent where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chain: Option<ChainHead>,
}

/// The last acknowledged entry of a chain of actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChainHead {
    /// Its sequence; 0 before the first.
    pub sequence: u64,
    /// Its `mac`; the `previous` of the next.
    pub head: String,
}

/// A hint for the customer. It never changes what the licence grants.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Advice {
    /// What it is about.
    pub kind: AdviceKind,
    /// The meter; absent where it is about seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter: Option<String>,
    /// Unit of the meter, e.g. `h`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Decimal places of `used` and `limit`.
    #[serde(default)]
    pub scale: u8,
    /// The quota's window: `hour`, `day`, `month` (UTC, of the calendar) or `total`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub per: Option<String>,
    /// Used in the window so far, by the whole licence.
    pub used: i64,
    /// What is allowed.
    pub limit: i64,
    /// When the window ends, or the key is refused; absent for `total` and for seats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resets_at: Option<Timestamp>,
    /// The cheapest plan of the product that would fit, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanHint>,
}

impl Advice {
    /// That the customer's key is refused from a time on.
    #[must_use]
    pub fn key_retiring(from: Option<Timestamp>) -> Self {
        Self {
            kind: AdviceKind::KeyRetiring,
            meter: None,
            unit: None,
            scale: 0,
            per: None,
            used: 0,
            limit: 0,
            resets_at: from,
            plan: None,
        }
    }
}

/// What an advice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AdviceKind {
    /// Four fifths of a quota are used.
    QuotaNear,
    /// A soft quota is used up: the product goes on, and the customer should hear of it.
    QuotaOver,
    /// A hard quota is used up: the product should refuse what this meter counts until the window ends. The licence
    /// itself stays as it is.
    QuotaExceeded,
    /// The seat is beyond those paid for.
    SeatOverage,
    /// The customer's key is of a scheme that is refused from `resets_at` on: a new one should take its place.
    KeyRetiring,
    /// Something that a later version says.
    #[serde(other)]
    Other,
}

/// A plan that would fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanHint {
    /// Plan code.
    pub code: String,
    /// Tier.
    pub tier: String,
}
