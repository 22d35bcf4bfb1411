//! Jobs: side effects that are queued with the change that causes them and carried out afterwards, at least once.
//!
//! To add a kind: queue it with [`NewJob`] in the use case whose side effect it is; a `Carrier` of that kind in
//! `server::jobs` carries it out. What it does must do no harm when it is done twice.

mod backoff;
mod claim;
pub(crate) mod list;
mod queue;
mod resend;

pub use backoff::Backoff;
pub use claim::Outcome;
pub use list::Filter;
pub use queue::NewJob;
