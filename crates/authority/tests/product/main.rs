//! What products meet: the rules of the protocol between product and authority.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod airgap;
mod bulk;
mod catalogue;
mod chain;
mod injection;
mod lifecycle;
mod lists;
mod mail;
mod model;
mod outage;
mod outbox;
mod refused;
mod seats;
mod support;
mod tampered;
mod together;
mod usage;
mod webhooks;
