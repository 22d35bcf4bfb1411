//! Releases: made as a draft, filled with artifacts, published, and perhaps yanked.
//!
//! The bytes are the business of whoever has an object store (`licentia_server::artifacts`); here is what they are,
//! whether they are all there, and who may have them.

pub mod announce;
pub mod covered;
pub mod create;
pub mod entitlement;
pub mod latest;
pub mod list;
pub mod publish;
pub mod python;
pub mod yank;
