//! The nouns of the authority and the transitions of their states. Plain data, no I/O.
//!
//! Times are seconds since the epoch, UTC, unless a field says otherwise. The signed licence is the record
//! of what was granted; columns that repeat it (tier, expiry) are its index and decide nothing.
//!
//! To add a noun: a file here, the trait of the same name in `storage`, its twin in each backend, a case
//! in `storage-suite`.

pub mod activation;
pub mod api_token;
pub mod audit;
pub mod chain;
pub mod clock;
pub mod customer;
pub mod distribution;
pub mod event;
pub mod idempotency_key;
pub mod job;
pub mod license;
pub mod license_key;
pub mod message;
pub mod operator;
pub mod payment;
pub mod plan;
pub mod product;
pub mod product_secret;
pub mod pull_token;
pub mod random;
pub mod release;
pub mod revocation;
pub mod scope;
pub mod seat;
pub mod session;
pub mod signing_key;
pub mod usage;
pub mod webhook;

pub use activation::Activation;
pub use api_token::ApiToken;
pub use audit::AuditRow;
pub use chain::ChainHead;
pub use clock::Clock;
pub use customer::Customer;
pub use distribution::Distribution;
pub use event::{Event, EventKind};
pub use idempotency_key::IdempotencyKey;
pub use job::{Job, JobState};
pub use license::{License, LicenseState};
pub use license_key::LicenseKey;
pub use message::Message;
pub use operator::Operator;
pub use payment::{PaymentEvent, Purchase};
pub use plan::Plan;
pub use product::{Enforcement, Product, Profile, Scheme, TrialOf, Upgrade};
pub use product_secret::ProductSecret;
pub use pull_token::PullToken;
pub use random::Random;
pub use release::{Artifact, Release, ReleaseState};
pub use revocation::{PUBLIC_REASONS, PublishedList, Revocation, RevocationSource, public_reason};
pub use scope::Scope;
pub use seat::{HeldSeat, Seat};
pub use session::Session;
pub use signing_key::SigningKey;
pub use usage::{Meter, Quota, QuotaKind, Window};
pub use webhook::Webhook;

/// A stored word that is none of the words its column knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not one of the known words")]
pub struct UnknownWord(pub String);

/// An enum whose variants are stored and shown as words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every word.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::UnknownWord;

            fn from_str(word: &str) -> Result<Self, Self::Err> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(crate::UnknownWord(word.to_owned())),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;
