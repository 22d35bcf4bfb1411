//! Where the authority keeps its nouns: one small trait a noun, all of them on one transaction object.
//!
//! A transaction is the repository: no commit, nothing happened. [`Store::submit`] runs a job in one; the
//! job says whether to commit. Use [`write`] and [`read`], which carry a result out.
//!
//! "Not there" is `None`. Every update says how many rows it must touch; [`StorageError`] names the rest.
//! To add a method: the trait here, both backends, a case in `storage-suite`.

pub mod activations;
pub mod api_tokens;
pub mod audit;
pub mod bulk;
pub mod chains;
pub mod copy;
pub mod counts;
pub mod customers;
pub mod erasure;
pub mod error;
pub mod events;
pub mod idempotency_keys;
pub mod jobs;
pub mod license_keys;
pub mod licenses;
pub mod operators;
pub mod outbox;
pub mod payments;
pub mod place;
pub mod plans;
pub mod products;
pub mod pull_tokens;
pub mod releases;
pub mod revocations;
pub mod savepoints;
pub mod seats;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod store;
pub mod trials;
pub mod usage;
pub mod webhooks;

pub use error::StorageError;
pub use place::{Place, end_of_prefix};
pub use store::{Access, BoxFuture, Job, Store, Verdict, read, write};

/// All nouns on one transaction.
pub trait Transaction:
    activations::Activations
    + api_tokens::ApiTokens
    + audit::Audit
    + bulk::Bulk
    + chains::Chains
    + counts::Counts
    + customers::Customers
    + erasure::Erasure
    + events::Events
    + idempotency_keys::IdempotencyKeys
    + jobs::Jobs
    + license_keys::LicenseKeys
    + licenses::Licenses
    + operators::Operators
    + outbox::Outbox
    + payments::Payments
    + plans::Plans
    + products::Products
    + pull_tokens::PullTokens
    + releases::Releases
    + revocations::Revocations
    + savepoints::Savepoints
    + seats::Seats
    + sessions::Sessions
    + settings::Settings
    + signing_keys::SigningKeys
    + trials::Trials
    + usage::Usage
    + webhooks::Webhooks
    + Send
{
}

/// Shorthand of the traits.
pub type Result<T> = std::result::Result<T, StorageError>;
