//! Operators: who they are, what they may do, and what they log in with.
//!
//! Every change takes the lock of the audit trail before it reads, so that two changes at once see each other: of two
//! owners who demote each other one stays, and a one-time code is used once.

pub mod codes;
pub mod create;
pub mod list;
pub mod password;
pub mod remove;
pub mod update;
