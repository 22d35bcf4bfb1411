//! Private keys under a passphrase: PKCS#8 `EncryptedPrivateKeyInfo` with PBES2 (RFC 5958, RFC 8018), which openssl
//! reads and writes.

use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::pkcs5::{self, EncryptionScheme};
use pkcs8::{EncryptedPrivateKeyInfoRef, Error, PrivateKeyInfoRef, SecretDocument};

use crate::Secret;
use crate::private_key::PrivateKeyError;

/// Rounds of PBKDF2 in the files we write: OWASP's figure for SHA-256.
const ROUNDS: u32 = 600_000;
/// Most memory that a key file may ask scrypt for, in bytes.
const MAX_SCRYPT_BYTES: u64 = 256 << 20;
/// Most rounds that a key file may ask for; about a second.
const MAX_ROUNDS: u32 = 2_000_000;

/// A passphrase, and the random bytes that go with one use of it.
pub struct Protection<'a> {
    /// The passphrase.
    pub passphrase: &'a Secret<Vec<u8>>,
    /// Random, new for every file.
    pub salt: [u8; 16],
    /// Random, new for every file.
    pub iv: [u8; 16],
}

impl Protection<'_> {
    /// Encrypts with PBKDF2-HMAC-SHA256 and AES-256-CBC, which every openssl since 1.1 reads as it comes;
    /// scrypt and GCM are read here, but not by all that may have to read our files.
    pub(crate) fn encrypt(&self, key: &SecretDocument) -> Result<SecretDocument, PrivateKeyError> {
        let refused = |_| PrivateKeyError::Refused;
        let info = PrivateKeyInfoRef::try_from(key.as_bytes()).map_err(refused)?;
        let parameters = Parameters::generate_pbkdf2_sha256_aes256cbc(ROUNDS, &self.salt, self.iv)
            .map_err(|_| PrivateKeyError::Refused)?;
        info.encrypt_with_params(parameters, self.passphrase.expose()).map_err(refused)
    }
}

/// Opens an `EncryptedPrivateKeyInfo`.
pub(crate) fn decrypt(
    der: &[u8],
    passphrase: Option<&Secret<Vec<u8>>>,
) -> Result<SecretDocument, PrivateKeyError> {
    // A scheme that the library does not know reads as malformed.
    let sealed = EncryptedPrivateKeyInfoRef::try_from(der).map_err(|_| PrivateKeyError::Sealed)?;
    let passphrase = passphrase.ok_or(PrivateKeyError::PassphraseWanted)?;
    if !is_bearable(&sealed.encryption_algorithm) {
        return Err(PrivateKeyError::Sealed);
    }
    match sealed.decrypt(passphrase.expose()) {
        // Under a wrong key, one padding in 256 looks right; what it hides is then no key.
        Ok(key) if PrivateKeyInfoRef::try_from(key.as_bytes()).is_ok() => Ok(key),
        Ok(_) | Err(Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | Error::Asn1(_)) => {
            Err(PrivateKeyError::WrongPassphrase)
        }
        Err(_) => Err(PrivateKeyError::Sealed),
    }
}

/// Whether opening costs a bounded time and memory: the file chooses both.
fn is_bearable(scheme: &EncryptionScheme) -> bool {
    match scheme.pbes2().map(|parameters| &parameters.kdf) {
        Some(Kdf::Pbkdf2(pbkdf2)) => pbkdf2.iteration_count <= MAX_ROUNDS,
        Some(Kdf::Scrypt(scrypt)) => {
            let bytes = 128u64
                .saturating_mul(scrypt.cost_parameter)
                .saturating_mul(u64::from(scrypt.block_size));
            bytes <= MAX_SCRYPT_BYTES && scrypt.parallelization <= 16
        }
        _ => false,
    }
}
