//! Activations: taking a seat and giving it back.

pub mod activate;
pub(crate) mod clone;
pub mod deactivate;
pub mod fill;
pub mod list;
pub mod offline;
pub mod release;
