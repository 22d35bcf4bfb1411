//! The catalogue: products and their plans.

pub mod edit;
pub mod import;
pub mod list;
pub mod manifest;
pub mod plans;
