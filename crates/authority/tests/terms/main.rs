//! What is agreed besides a plan: one trial, updates for a while, a renewal by link, the end of old schemes.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod maintenance;
mod privacy;
mod renewal_link;
mod support;
mod takeover;
mod trials;
mod upgrade;
