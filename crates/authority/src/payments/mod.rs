//! Payments: what a provider tells, and what becomes of a licence by it.
//!
//! Every event is kept, once. What a licence is to be follows from *all* events of its purchase in the order in which
//! they happened ([`fold`]), never from the order in which they came: late, doubled and shuffled events end the same.
//! Only a change of what follows is applied ([`take`]), so that what an operator did by hand in between stays.
//!
//! To add a provider: a file here that implements [`Provider`], and its line in [`provider`]. It checks the signature of
//! what came over HTTP and says in the words of [`Fact`] what it means; nothing else knows it by name.
//!
//! ```ignore
//! struct Example { secrets: Vec<Secret<String>> }
//!
//! impl Provider for Example {
//!     fn name(&self) -> &'static str { "example" }
//!     fn read(&self, delivery: &Delivery<'_>) -> Result<Event, Unreadable> {
//!         let signature = delivery.header("x-example-signature").ok_or(Unreadable::Signature)?;
//!         // … check it in constant time over `delivery.body`, then read the body
//!         Ok(Event { id, kind, at, references, fact: Fact::Failed })
//!     }
//! }
//! ```

pub(crate) mod fold;
pub mod list;
pub mod stripe;
pub mod take;

use std::collections::BTreeMap;

use licentia_issue::Secret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A provider of payments.
pub trait Provider: Send + Sync {
    /// The last part of its path, and its section in the configuration.
    fn name(&self) -> &'static str;
    /// Checks who sent a delivery, and reads it. Nothing is read before the check has passed.
    fn read(&self, delivery: &Delivery<'_>) -> Result<Event, Unreadable>;
}

/// The providers there are, by name.
#[must_use]
pub fn provider(
    name: &str,
    secrets: Vec<Secret<String>>,
    tolerance_s: u32,
) -> Option<Box<dyn Provider>> {
    match name {
        stripe::NAME => Some(Box::new(stripe::Stripe { secrets, tolerance_s })),
        _ => None,
    }
}

/// What came over HTTP.
pub struct Delivery<'a> {
    /// Headers by their names in lower case.
    pub headers: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The body as it came.
    pub body: &'a [u8],
    /// The time, in seconds since the epoch.
    pub now: i64,
}

impl Delivery<'_> {
    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        (self.headers)(name)
    }
}

/// Why a delivery does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It is not signed by the provider.
    #[error("it is not signed with a secret that is configured")]
    Signature,
    /// It was signed too long ago, or in the future: somebody may have kept it.
    #[error("it was signed too long ago, or the clocks differ")]
    Stale,
    /// It is signed, and not what the provider sends.
    #[error("it is not an event as the provider describes it: {0}")]
    Malformed(&'static str),
}

/// An event in words that every provider's can be put into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The provider's id of it.
    pub id: String,
    /// The provider's word for what happened, for people.
    pub kind: String,
    /// When it happened, by the provider's clock.
    pub at: i64,
    /// The ids of the things that it is about (subscription, invoice, charge …): what shares one is one purchase.
    pub references: Vec<String>,
    /// What it means.
    pub fact: Fact,
}

/// What an event means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// A subscription as it is from now on.
    Subscription {
        /// Where it is in its life.
        stage: Stage,
        /// What is subscribed to, in the provider's ids of prices; the first that the configuration knows counts.
        prices: Vec<String>,
        /// Until when nothing is paid.
        trial_until: Option<i64>,
        /// The licence that it is for, where the vendor said so.
        license: Option<Uuid>,
    },
    /// Something was paid.
    Paid {
        /// In the smallest unit of the currency.
        amount: i64,
        /// What for.
        prices: Vec<String>,
        /// Until when it is paid; none: it was bought once.
        until: Option<i64>,
        /// Who paid.
        buyer: Option<Buyer>,
        /// The licence that it is for, where the vendor said so.
        license: Option<Uuid>,
    },
    /// A payment failed; the provider tries again.
    Failed,
    /// All of a payment went back.
    Refunded,
    /// A payment is disputed.
    Disputed,
    /// A dispute ended in the vendor's favour.
    DisputeWon,
    /// Nothing but that its references belong together.
    Linked,
}

impl Fact {
    /// The word in the trail.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Subscription { stage: Stage::Ended, .. } => "payment.subscription_ended",
            Self::Subscription { .. } => "payment.subscription",
            Self::Paid { .. } => "payment.paid",
            Self::Failed => "payment.failed",
            Self::Refunded => "payment.refunded",
            Self::Disputed => "payment.disputed",
            Self::DisputeWon => "payment.dispute_won",
            Self::Linked => "payment.linked",
        }
    }
}

/// Where a subscription is in its life. Of events of one second the later stage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It begins.
    Begun,
    /// It goes on.
    Running,
    /// It goes on to the end of what is paid, and no further.
    Ending,
    /// It is over.
    Ended,
}

/// Who pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Buyer {
    /// E-mail address.
    pub email: String,
    /// Personal name.
    pub name: Option<String>,
}

/// What the vendor wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// What a price buys.
    pub prices: BTreeMap<String, Price>,
    /// What a refund leads to.
    pub on_refund: OnRefund,
    /// What a dispute leads to.
    pub on_dispute: OnRefund,
    /// Seconds that a licence goes on behind the end of what is paid, while its subscription does: a renewal is paid
    /// some time after it is due, and a card that failed is tried again.
    pub grace_s: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            prices: BTreeMap::new(),
            on_refund: OnRefund::Suspend,
            on_dispute: OnRefund::Suspend,
            grace_s: 3 * 86_400,
        }
    }
}

impl Rules {
    /// What a price buys: as configured, or as `PRODUCT/PLAN` in its place.
    pub(crate) fn price(&self, name: &str) -> Option<Price> {
        self.prices.get(name).cloned().or_else(|| name.parse().ok())
    }
}

/// What a price buys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Product code.
    pub product: String,
    /// Plan code.
    pub plan: String,
}

impl std::str::FromStr for Price {
    type Err = NoPrice;

    fn from_str(text: &str) -> Result<Self, NoPrice> {
        match text.split_once('/') {
            Some((product, plan))
                if !product.is_empty() && !plan.is_empty() && !plan.contains('/') =>
            {
                Ok(Self { product: product.to_owned(), plan: plan.to_owned() })
            }
            _ => Err(NoPrice),
        }
    }
}

/// A text that does not say what a price buys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a price buys a plan of a product, written as PRODUCT/PLAN")]
pub struct NoPrice;

/// What money that went back leads to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnRefund {
    /// The licence is suspended, until something is paid again or the dispute is won.
    #[default]
    Suspend,
    /// The licence is revoked for good.
    Revoke,
    /// It is on record, and no more.
    Ignore,
}
