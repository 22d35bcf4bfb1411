//! Seals what the guard keeps on disk, so that it is of use on this machine and for this product only.
//!
//! XChaCha20-Poly1305 under a key made of what tells this machine from others. Whoever may read all of this
//! machine can make the key too: the seal is against copies and edits, and nothing that is sealed is believed
//! without the signature that it carries.

use base64ct::{Base64UrlUnpadded, Encoding};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};

use crate::clock::{NoEntropy, Random};

const NONCE: usize = 24;

/// It was sealed elsewhere, or changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

pub(crate) struct Seal {
    cipher: XChaCha20Poly1305,
}

impl Seal {
    /// For this product on the machine with this secret; without one, for the product anywhere.
    pub(crate) fn new(product: &str, machine: Option<&[u8; 32]>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"licentia state seal 1\n");
        hash.update((product.len() as u64).to_be_bytes());
        hash.update(product);
        hash.update(machine.map_or(&[][..], |secret| secret));
        Self { cipher: XChaCha20Poly1305::new(&Key::from(<[u8; 32]>::from(hash.finalize()))) }
    }

    /// Sealed text, bound to `context`, which stays readable beside it.
    pub(crate) fn close(
        &self,
        text: &[u8],
        context: &[u8],
        random: &dyn Random,
    ) -> Result<String, NoEntropy> {
        let mut nonce = [0; NONCE];
        random.fill(&mut nonce)?;
        let payload = Payload { msg: text, aad: context };
        // Fails only beyond 256 GiB.
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| NoEntropy)?;
        Ok(Base64UrlUnpadded::encode_string(&[&nonce[..], &sealed].concat()))
    }

    /// The text, where it was sealed here with this context.
    pub(crate) fn open(&self, sealed: &str, context: &[u8]) -> Result<Vec<u8>, Broken> {
        let bytes = Base64UrlUnpadded::decode_vec(sealed).map_err(|_| Broken)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(Broken)?;
        let payload = Payload { msg: sealed, aad: context };
        self.cipher.decrypt(&XNonce::from(*nonce), payload).map_err(|_| Broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::SystemRandom;

    #[test]
    fn only_the_same_machine_product_and_context_open_it_and_no_bit_may_change() {
        let seal = Seal::new("bzzz", Some(&[1; 32]));
        let sealed = seal.close(b"text", b"context", &SystemRandom).unwrap();
        assert_eq!(seal.open(&sealed, b"context").unwrap(), b"text");
        assert_ne!(sealed, seal.close(b"text", b"context", &SystemRandom).unwrap());
        assert_eq!(seal.open(&sealed, b"other"), Err(Broken));
        for other in [
            Seal::new("bzzz", Some(&[2; 32])),
            Seal::new("bzzz", None),
            Seal::new("tmws", Some(&[1; 32])),
        ] {
            assert_eq!(other.open(&sealed, b"context"), Err(Broken));
        }
        let bytes = Base64UrlUnpadded::decode_vec(&sealed).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = Base64UrlUnpadded::encode_string(&changed);
            assert_eq!(seal.open(&changed, b"context"), Err(Broken), "byte {at}");
        }
        for cut in 0..sealed.len() {
            assert_eq!(seal.open(&sealed[..cut], b"context"), Err(Broken), "cut at {cut}");
        }
    }
}
