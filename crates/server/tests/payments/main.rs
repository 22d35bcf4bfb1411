//! Payments: events that Stripe's own library has signed, over HTTP; a year of a subscription on a clock that is moved;
//! the same year doubled and shuffled.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod delivered;
mod events;
mod shuffled;
mod stripe;
mod year;
