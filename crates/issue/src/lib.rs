//! Private keys: whoever can call into this crate can issue licences, so no product links it.
//!
//! - [`signer::Signer`] signs documents without showing its key: a [`PrivateKey`] in memory, or with the feature
//!   `pkcs11` a key that never leaves its device.
//! - [`keyfile`] keeps private keys in files that openssl reads, with and without a passphrase.
//! - [`master::MasterKey`] seals what rests in the database and hashes what must be found but not read.
//! - [`age`] seals whole files under a passphrase: backups.
//! - [`secret::Secret`] holds what must not be printed.
//!
//! Randomness comes in as arguments, except where RSA keys are made ([`signer::RsaSigner::generate`]); files and
//! the HSM's library are the only I/O.
//!
//! ```
//! use licentia_issue::{Ed25519Signer, PrivateKey, Signer};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = PrivateKey::from(Ed25519Signer::from_seed([7; 32])?);
//! let again = PrivateKey::from_pem(key.to_pem()?.expose(), None)?;
//! assert!(key.public_key().is_signature_of(b"message", &again.sign(b"message")?));
//! # Ok(())
//! # }
//! ```
//!
//! To add a way to sign: an `impl Signer`, wrapped in [`signer::Checked`] if the key is in somebody else's hands.

pub mod age;
mod ed25519;
pub mod keyfile;
pub mod master;
pub mod passphrase;
#[cfg(feature = "pkcs11")]
pub mod pkcs11;
pub mod private_key;
mod rsa;
pub mod secret;
pub mod shared_secret;
pub mod sign;
pub mod signer;

pub use passphrase::Protection;
pub use private_key::{PrivateKey, PrivateKeyError};
pub use secret::Secret;
pub use signer::{Ed25519Signer, Signer};
