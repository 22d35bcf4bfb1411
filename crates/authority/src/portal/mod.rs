//! What a customer does for himself: he shows a key of his licence, and sees and does what belongs to that licence.
//!
//! A key opens its own licence and no other of the same customer: whoever installs one product need not see the rest.

pub mod enter;
pub mod link;
pub mod offline;
pub mod pull_tokens;
pub mod release;
pub mod renewal;
pub mod show;

use crate::audit::{Actor, CUSTOMER};

/// Who acts, for the trail; the address is a personal value of the customer.
pub(crate) fn actor(origin: &str) -> Actor {
    Actor::new(CUSTOMER, origin)
}
