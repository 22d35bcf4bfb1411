//! The HTTP surface.

pub(crate) mod product;
pub(crate) mod public;
