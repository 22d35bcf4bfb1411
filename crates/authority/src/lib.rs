//! The use cases of the authority: the only code that decides. HTTP, command line and jobs call it.
//!
//! - A use case runs in one transaction and is its audit entry's home; no commit, nothing happened.
//! - A refusal is an answer, not a failure: it commits (a detected clone is remembered) and is signed.
//! - Signing happens after the commit: nobody is told what the disk does not know yet.
//! - The signed licence decides; columns that repeat it are an index. A row that contradicts its licence
//!   changes nothing and is reported.
//!
//! To add a use case: a file under its noun with the request, the function on [`Authority`] and its tests;
//! then an endpoint in `server` and a command in `cli` that call it.

pub mod access;
pub mod activations;
mod ask;
pub mod audit;
mod authority;
mod base32;
pub mod catalog;
mod chain;
mod change;
mod credential;
mod crowd;
pub mod customers;
pub mod denied;
mod dispatch;
pub mod distribution;
pub mod error;
mod events;
pub mod export;
pub mod heartbeat;
pub mod hex;
pub mod idempotency;
pub mod init;
pub mod jobs;
mod keyring;
pub mod keys;
mod lease;
pub mod licenses;
pub mod mail;
mod notes;
pub mod notices;
pub mod operators;
pub mod outage;
pub mod overview;
pub mod paging;
pub mod payments;
pub mod portal;
pub mod products;
pub mod pull_tokens;
mod refusals;
pub mod registry;
pub mod releases;
pub mod restored;
pub mod revocations;
mod seats;
mod secrets;
pub mod sessions;
pub mod tokens;
mod usage;
pub mod webhooks;

pub use access::{Credential, Principal};
pub use ask::{Ask, Once, version};
pub use audit::Actor;
pub use authority::{Authority, Parts};
pub use error::AuthorityError;
pub use events::Listener;
pub use idempotency::Caller;
pub use lease::Holder;
pub use licentia_storage::StorageError;
