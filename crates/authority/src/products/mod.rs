//! The catalogue: products and their plans.

pub mod import;
pub mod list;
