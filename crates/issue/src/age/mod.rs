//! Files under a passphrase, in the format of age (age-encryption.org/v1, recipient type `scrypt`): what is written here
//! opens with every tool that knows it, and the other way round.
//!
//! Both ways are streams that hold one piece of 64 KiB. A changed, reordered or shortened file ends in an error, and
//! nothing of the piece that was changed is handed out; what came before it was, so a reader acts on nothing until the
//! end has come.

mod header;
mod open;
mod seal;

pub use header::{OpenError, WORK_FACTOR};
pub use open::Opened;
pub use seal::{Entropy, Sealed};

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};

use crate::Secret;

/// Plain bytes of a piece.
const PIECE: usize = 64 * 1024;
/// What a piece is longer by when it is sealed.
const TAG: usize = 16;

/// Seals and opens pieces in their order: the nonce is the piece's number, and whether it is the last.
struct Pieces {
    key: LessSafeKey,
    next: u64,
}

impl Pieces {
    fn of(file_key: &Secret<[u8; 16]>, nonce: &[u8; 16]) -> Result<Self, Unspecified> {
        let key = derive(file_key, nonce, b"payload")?;
        Ok(Self { key: cipher(&key)?, next: 0 })
    }

    fn nonce(&mut self, last: bool) -> Nonce {
        let mut nonce = [0; NONCE_LEN];
        nonce[3..11].copy_from_slice(&self.next.to_be_bytes());
        nonce[11] = last.into();
        self.next += 1;
        Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&mut self, piece: &mut Vec<u8>, last: bool) -> Result<(), Unspecified> {
        let nonce = self.nonce(last);
        self.key.seal_in_place_append_tag(nonce, Aad::empty(), piece)
    }

    /// An empty piece is only ever the whole of an empty file.
    fn open(&mut self, piece: &mut Vec<u8>, last: bool) -> Result<(), Unspecified> {
        let first = self.next == 0;
        let nonce = self.nonce(last);
        let plain = self.key.open_in_place(nonce, Aad::empty(), piece)?.len();
        piece.truncate(plain);
        if plain == 0 && !first { Err(Unspecified) } else { Ok(()) }
    }
}

fn cipher(key: &Secret<[u8; 32]>) -> Result<LessSafeKey, Unspecified> {
    Ok(LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, key.expose())?))
}

fn derive(
    file_key: &Secret<[u8; 16]>,
    salt: &[u8],
    info: &'static [u8],
) -> Result<Secret<[u8; 32]>, Unspecified> {
    let mut key = [0; 32];
    Salt::new(HKDF_SHA256, salt)
        .extract(file_key.expose())
        .expand(&[info], HKDF_SHA256)?
        .fill(&mut key)?;
    Ok(Secret::new(key))
}
