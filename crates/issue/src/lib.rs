//! Private keys: whoever can call into this crate can issue licences, so no product links it.
//!
//! - [`signer::Signer`] signs documents without showing its key; [`keyfile`] keeps one in a file that
//!   openssl reads.
//! - [`master::MasterKey`] seals what rests in the database and hashes what must be found but not read.
//! - [`secret::Secret`] holds what must not be printed.
//!
//! Randomness comes in as arguments; files are the only I/O.

pub mod keyfile;
pub mod master;
pub mod secret;
pub mod sign;
pub mod signer;

pub use secret::Secret;
pub use signer::{Ed25519Signer, Signer};
