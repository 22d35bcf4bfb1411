//! What a licence says, and how it is checked.
//!
//! This crate is linked into every product. It does no I/O, reads no clock, spawns nothing and has no
//! unsafe code; the caller brings the bytes, the trusted keys and the time in seconds since the epoch.
//!
//! Two steps, never one: [`verify::verify`], or [`scheme::check`] for licence keys of every scheme, checks the
//! signature of the bytes as received and makes a [`Verified`], which nobody else can; [`decide::decide`]
//! judges a verified licence against time, product and machine.
//! Nothing about a key's content is told before its signature has passed.
//!
//! ```
//! use licentia_license::{decide::{decide, Circumstances}, trust::Trust, verify::verify, License};
//! # fn main() {
//! # let bundle = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n";
//! let trust = Trust::from_text(bundle).expect("the bundle that the build embeds");
//! match verify::<License>("eyJ…", &trust) {
//!     Ok(license) => drop(decide(&license, &Circumstances::at(1_767_225_600))),
//!     Err(invalid) => assert_eq!(invalid.code(), "malformed"),
//! }
//! # }
//! ```
//!
//! To add a signed document: a struct with serde, an `impl Document` naming its `typ` and the purpose of the
//! key that signs it, and its line in `tests/diagonal.rs`, where no other document passes for it.

pub mod activation;
pub mod chain;
pub mod checkpoint;
pub mod claims;
pub mod decide;
pub mod delegation;
pub mod document;
pub mod erasure;
pub mod file;
pub mod fingerprint;
pub mod invalid;
pub mod json;
mod jws;
pub mod key;
pub mod keyset;
pub mod lease;
pub mod manifest;
pub mod offline;
pub mod receipt;
pub mod refusal;
pub mod release;
pub mod revocations;
pub mod scheme;
pub mod status_list;
pub mod trust;
pub mod typed;
#[cfg(test)]
mod vectors;
pub mod verdict;
pub mod verify;
pub mod waiver;

pub use claims::{License, Text};
pub use document::Document;
pub use invalid::Invalid;
pub use lease::Lease;
pub use revocations::RevocationList;
pub use trust::Trust;
pub use verify::Verified;

/// Longest key that is looked at, in bytes.
pub const MAX_KEY_BYTES: usize = 16 * 1024;
/// Longest licence file that is looked at, in bytes.
pub const MAX_FILE_BYTES: usize = 256 * 1024;
/// Deepest nesting of a JSON document that is read.
pub const MAX_JSON_DEPTH: usize = 16;
/// How far ahead of the verifier's clock an `iat` or `nbf` may lie, in seconds.
pub const LEEWAY_S: i64 = 60;
