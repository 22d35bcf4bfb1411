//! What signs: an algorithm and a key that stays where it is.

use std::error::Error;

use licentia_license::key::PublicKey;

pub use crate::ed25519::Ed25519Signer;
pub use crate::rsa::{RsaBits, RsaSigner};

/// Signs bytes with one key. May wait for a device.
pub trait Signer: Send + Sync {
    /// The public half, with its `kid` and its algorithm.
    fn public_key(&self) -> &PublicKey;

    /// The signature over these bytes.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;

    /// The `alg` of a JWS header.
    fn algorithm(&self) -> &'static str {
        self.public_key().algorithm().as_str()
    }
}

/// Why a key did not sign, or could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The library refused the key.
    #[error("the private key was refused")]
    Refused,
    /// The device made a signature that does not verify. It was not released.
    #[error(
        "the signer made a wrong signature, which was not released; take the device out of use"
    )]
    Faulty,
    /// The device that holds the key does not answer. Later calls may succeed.
    #[error("the key cannot be used now: {0}")]
    Unavailable(#[source] Box<dyn Error + Send + Sync>),
}

/// Releases a signature only when the strict verifier accepts it.
///
/// For keys that somebody else's hardware holds: a device may sign with other parameters than it was asked
/// for, and a faulty RSA signature gives the private key away.
pub struct Checked<S>(S);

impl<S: Signer> Checked<S> {
    /// Wraps a signer.
    pub fn new(signer: S) -> Self {
        Self(signer)
    }
}

impl<S: Signer> Signer for Checked<S> {
    fn public_key(&self) -> &PublicKey {
        self.0.public_key()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let signature = self.0.sign(message)?;
        if self.public_key().is_signature_of(message, &signature) {
            Ok(signature)
        } else {
            Err(SignerError::Faulty)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrivateKey;

    /// A device that flips one bit.
    struct Flipping {
        key: PrivateKey,
        bit: usize,
    }

    impl Signer for Flipping {
        fn public_key(&self) -> &PublicKey {
            self.key.public_key()
        }

        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
            let mut signature = self.key.sign(message)?;
            signature[self.bit / 8] ^= 1 << (self.bit % 8);
            Ok(signature)
        }
    }

    #[test]
    fn a_signature_with_any_wrong_bit_is_not_released() {
        let ed25519 = || Ed25519Signer::from_seed([7; 32]).unwrap().into();
        for bit in 0..512 {
            let checked = Checked::new(Flipping { key: ed25519(), bit });
            assert!(matches!(checked.sign(b"message"), Err(SignerError::Faulty)), "bit {bit}");
        }
        let key: PrivateKey = RsaSigner::generate(RsaBits::B2048).unwrap().into();
        let mut device = Flipping { key, bit: 0 };
        for bit in (0..2048).step_by(61) {
            device.bit = bit;
            let checked = Checked::new(device);
            assert!(matches!(checked.sign(b"message"), Err(SignerError::Faulty)), "bit {bit}");
            device = checked.0;
        }
        let honest = Checked::new(ed25519());
        assert!(honest.public_key().is_signature_of(b"message", &honest.sign(b"message").unwrap()));
    }
}
