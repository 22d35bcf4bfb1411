//! `/v1/admin/*` on a real server, on a clock of the test's own. A file a resource.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests")]

mod audit;
mod guarded;
mod jobs;
mod keys;
mod licenses;
mod operators;
mod revocations;
mod sessions;
mod support;
mod tokens;
mod trail;
