//! What product and authority say to each other: requests, answers and error codes. serde only.
//!
//! Paths under `/v1` stay; fields are only ever added, so readers ignore what they do not know. Times in
//! JSON are RFC 3339 with `Z`, `null` is perpetual; times inside signed documents are epoch seconds.
//!
//! The cargo feature `openapi` adds schemas for the API's reference. Only the server asks for it.
//!
//! To add an error: a variant in [`code::Code`] with its status, title and advice; `docs/errors.md` is
//! generated from it.

pub mod activate;
pub mod catalog;
pub mod code;
pub mod deactivate;
pub mod distribution;
pub mod grace;
pub mod heartbeat;
pub mod import;
pub mod keyset;
pub mod licenses;
pub mod offline;
pub mod privacy;
pub mod problem;
pub mod range;
pub mod registry;
pub mod resource;
pub mod revocations;
pub mod validate;

pub use code::Code;
pub use problem::Problem;
