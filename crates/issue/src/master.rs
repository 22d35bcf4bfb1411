//! The master key: seals what rests in the database, and hashes what must be found but never read back.
//!
//! A stolen database alone reveals and permits nothing. Sealing is AES-256-GCM with a random 96-bit nonce in
//! front and the row's name as associated data, so that a sealed value cannot be moved to another row.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;

use crate::Secret;

/// Length of the master key in bytes.
pub const MASTER_KEY_BYTES: usize = 32;

/// Keys derived from the master key, one a use.
pub struct MasterKey {
    sealing: LessSafeKey,
    hashing: hmac::Key,
}

/// A sealed value did not open: wrong master key, or it was changed or moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a sealed value does not open: the master key is another one, or the row was changed")]
pub struct Unsealable;

impl MasterKey {
    /// Derives the working keys (RFC 5869).
    pub fn new(master: &Secret<[u8; MASTER_KEY_BYTES]>) -> Result<Self, Unsealable> {
        let prk = Salt::new(HKDF_SHA256, b"licentia master key v1").extract(master.expose());
        let derive = |info: &'static [u8]| -> Result<Secret<[u8; 32]>, Unsealable> {
            let mut key = [0; 32];
            prk.expand(&[info], HKDF_SHA256)
                .and_then(|okm| okm.fill(&mut key))
                .map_err(|_| Unsealable)?;
            Ok(Secret::new(key))
        };
        let sealing =
            UnboundKey::new(&AES_256_GCM, derive(b"seal")?.expose()).map_err(|_| Unsealable)?;
        let hashing = hmac::Key::new(hmac::HMAC_SHA256, derive(b"hash")?.expose());
        Ok(Self { sealing: LessSafeKey::new(sealing), hashing })
    }

    /// Seals a value for the row that `name` names.
    pub fn seal(
        &self,
        name: &str,
        plain: &[u8],
        nonce: [u8; NONCE_LEN],
    ) -> Result<Vec<u8>, Unsealable> {
        let mut sealed = nonce.to_vec();
        let mut body = plain.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        self.sealing
            .seal_in_place_append_tag(unique, Aad::from(name.as_bytes()), &mut body)
            .map_err(|_| Unsealable)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Opens what [`MasterKey::seal`] sealed under the same name.
    pub fn open(&self, name: &str, sealed: &[u8]) -> Result<Secret<Vec<u8>>, Unsealable> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(Unsealable)?;
        let mut body = body.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self
            .sealing
            .open_in_place(nonce, Aad::from(name.as_bytes()), &mut body)
            .map_err(|_| Unsealable)?
            .len();
        body.truncate(length);
        Ok(Secret::new(body))
    }

    /// Keyed hash by which a token or key is found; `kind` keeps one sort from passing as another.
    #[must_use]
    pub fn hash(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.hashing);
        context.update(kind.as_bytes());
        context.update(&[0]);
        context.update(value);
        let mut hash = [0; 32];
        hash.copy_from_slice(context.sign().as_ref());
        hash
    }
}

/// Whether two secrets are equal, in a time that depends on their lengths alone.
#[must_use]
pub fn equal_bytes(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// Whether two hashes are equal, in a time that does not depend on where they differ.
#[must_use]
pub fn equal(a: &[u8; 32], b: &[u8; 32]) -> bool {
    equal_bytes(a, b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(byte: u8) -> MasterKey {
        MasterKey::new(&Secret::new([byte; 32])).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_only_whole_under_its_key_and_name() {
        let sealed = master(1).seal("key/a", b"secret", [9; 12]).unwrap();
        assert_eq!(master(1).open("key/a", &sealed).unwrap().expose(), b"secret");
        assert!(master(2).open("key/a", &sealed).is_err());
        assert!(master(1).open("key/b", &sealed).is_err());
        for i in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[i] ^= 1;
            assert!(master(1).open("key/a", &changed).is_err(), "byte {i}");
        }
        assert!(master(1).open("key/a", &[]).is_err());
    }

    #[test]
    fn hashes_depend_on_key_kind_and_value() {
        let one = master(1).hash("token", b"x");
        assert_eq!(one, master(1).hash("token", b"x"));
        assert_ne!(one, master(1).hash("key", b"x"));
        assert_ne!(one, master(1).hash("token", b"y"));
        assert_ne!(one, master(2).hash("token", b"x"));
    }
}
