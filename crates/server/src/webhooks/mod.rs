//! Calls of webhooks. Where a URL leads is decided by its addresses, after they were resolved: a call goes to one that
//! was looked at, and nowhere else.

mod addresses;
mod call;

pub(crate) use call::Caller;
