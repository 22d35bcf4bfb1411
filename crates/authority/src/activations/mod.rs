//! Activations: taking a seat and giving it back.

pub mod activate;
pub mod deactivate;
pub mod fill;
pub mod list;
