//! Webhooks: whoever wants to know what happens to licences is told by a signed call, at least once, in order per
//! licence (Standard Webhooks). The calls are jobs of the kind `webhook`.

mod change;
mod deliver;
pub mod events;
mod list;
mod received;
mod sign;

pub use change::{Changes, NewWebhook};
pub use deliver::Call;
pub use received::{Receiver, Signed};

/// The kind of the jobs.
pub const KIND: &str = "webhook";
