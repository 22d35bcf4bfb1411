//! API tokens of operators.

pub mod create;
pub mod list;
pub mod revoke;
