//! The header: who can open the file, and with what work.

use std::io::{self, BufRead, Read};

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use base64ct::{Base64Unpadded, Encoding};

use super::{TAG, cipher, derive};
use crate::Secret;

/// Scrypt's work in new files, as a power of two: about half a second, and 128 MiB for as long.
pub const WORK_FACTOR: u8 = 17;
/// The most that a file may ask for: 1 GiB.
const MOST_WORK: u8 = 20;
const VERSION: &str = "age-encryption.org/v1";
const SALT: &[u8] = b"age-encryption.org/v1/scrypt";
/// Far more than a header with one recipient has.
const LONGEST: u64 = 4_096;

/// Why a file does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// Not a file of this format, or one for keys instead of a passphrase.
    #[error("it is not a file under a passphrase")]
    Format,
    /// It asks for more work than a passphrase is worth.
    #[error("it asks for too much work: 2^{0}, where 2^20 is the most")]
    Work(u8),
    /// The passphrase is another one, or the header was changed.
    #[error("the passphrase is another one, or the beginning of the file was changed")]
    Passphrase,
    /// It cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The header of a new file.
pub(super) fn write(
    passphrase: &Secret<Vec<u8>>,
    salt: &[u8; 16],
    file_key: &Secret<[u8; 16]>,
    work: u8,
) -> Result<String, Unspecified> {
    let mut body = file_key.expose().to_vec();
    wrap(passphrase, salt, work)?.seal_in_place_append_tag(zero(), Aad::empty(), &mut body)?;
    let (salt, body) = (Base64Unpadded::encode_string(salt), Base64Unpadded::encode_string(&body));
    let text = format!("{VERSION}\n-> scrypt {salt} {work}\n{body}\n---");
    let mac =
        Base64Unpadded::encode_string(hmac::sign(&mac_key(file_key)?, text.as_bytes()).as_ref());
    Ok(format!("{text} {mac}\n"))
}

/// Reads a header up to its end, and gives the key of the file.
pub(super) fn read(
    from: &mut impl BufRead,
    passphrase: &Secret<Vec<u8>>,
) -> Result<Secret<[u8; 16]>, OpenError> {
    let mut head = from.take(LONGEST);
    let mut line = || -> Result<String, OpenError> {
        let mut line = String::new();
        match head.read_line(&mut line) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(OpenError::Format),
            Err(error) => Err(error.into()),
            Ok(_) => line.strip_suffix('\n').map(str::to_owned).ok_or(OpenError::Format),
        }
    };
    if line()? != VERSION {
        return Err(OpenError::Format);
    }
    let (stanza, body, last) = (line()?, line()?, line()?);
    let (salt, work) = stanza
        .strip_prefix("-> scrypt ")
        .and_then(|arguments| arguments.split_once(' '))
        .ok_or(OpenError::Format)?;
    let mac = last.strip_prefix("--- ").ok_or(OpenError::Format)?;
    let text = format!("{VERSION}\n{stanza}\n{body}\n---");
    let salt: [u8; 16] = decode(salt)?;
    let mut body: [u8; 16 + TAG] = decode(&body)?;
    let mac: [u8; 32] = decode(mac)?;
    // One spelling of each number.
    let work: u8 = work
        .parse()
        .ok()
        .filter(|number: &u8| *number > 0 && number.to_string() == work)
        .ok_or(OpenError::Format)?;
    if work > MOST_WORK {
        return Err(OpenError::Work(work));
    }
    let wrong = |_| OpenError::Passphrase;
    let key = wrap(passphrase, &salt, work).map_err(wrong)?;
    let opened = key.open_in_place(zero(), Aad::empty(), &mut body).map_err(wrong)?;
    let file_key = Secret::new(<[u8; 16]>::try_from(&*opened).map_err(|_| OpenError::Format)?);
    let verifying = mac_key(&file_key).map_err(wrong)?;
    hmac::verify(&verifying, text.as_bytes(), &mac).map_err(wrong)?;
    Ok(file_key)
}

fn decode<const N: usize>(text: &str) -> Result<[u8; N], OpenError> {
    let mut bytes = [0; N];
    match Base64Unpadded::decode(text, &mut bytes) {
        Ok(read) if read.len() == N => Ok(bytes),
        _ => Err(OpenError::Format),
    }
}

fn wrap(
    passphrase: &Secret<Vec<u8>>,
    salt: &[u8; 16],
    work: u8,
) -> Result<aws_lc_rs::aead::LessSafeKey, Unspecified> {
    let params = scrypt::Params::new(work, 8, 1).map_err(|_| Unspecified)?;
    let mut key = [0; 32];
    scrypt::scrypt(passphrase.expose(), &[SALT, salt].concat(), &params, &mut key)
        .map_err(|_| Unspecified)?;
    cipher(&Secret::new(key))
}

fn mac_key(file_key: &Secret<[u8; 16]>) -> Result<hmac::Key, Unspecified> {
    Ok(hmac::Key::new(hmac::HMAC_SHA256, derive(file_key, b"", b"header")?.expose()))
}

/// The key that wraps is used once, so its nonce may be the same for ever.
fn zero() -> Nonce {
    Nonce::assume_unique_for_key([0; NONCE_LEN])
}
