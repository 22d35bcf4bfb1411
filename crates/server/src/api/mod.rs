//! The HTTP surface.

pub(crate) mod admin;
pub(crate) mod distribution;
pub(crate) mod payments;
pub(crate) mod product;
pub(crate) mod public;
