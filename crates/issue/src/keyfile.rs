//! Secret files: readable by their owner only, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::Secret;
use crate::passphrase::Protection;
use crate::private_key::{PrivateKey, PrivateKeyError};
use crate::shared_secret::SharedSecret;
use crate::signer::Signer;

/// Largest secret file that is read.
const MAX_BYTES: u64 = 64 * 1024;

/// Why a secret file could not be used; each names the path at the call site.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The file system said no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Others on this machine can read it.
    #[error("others on this machine can read the file (mode {0:03o}, wanted 600)")]
    Readable(u32),
    /// It is not what it should be.
    #[error(transparent)]
    Key(#[from] PrivateKeyError),
    /// Not text, or too long.
    #[error("the file is not a key file")]
    NotAKey,
    /// Not one line of text.
    #[error("the file does not hold a passphrase: one line, not empty")]
    NotAPassphrase,
}

/// How a private key file may be read. The default refuses whatever is in doubt.
#[derive(Default)]
pub struct ReadOptions<'a> {
    /// Opens an encrypted key.
    pub passphrase: Option<&'a Secret<Vec<u8>>>,
    /// Reads a key although others on this machine can read it too. Only where something else keeps them
    /// out, as with a volume that is mounted into one container.
    pub danger_readable_by_others: bool,
}

/// Writes a new file with mode 0600; an existing one is never overwritten.
pub fn write_secret(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads a secret file, refusing one that others can read.
pub fn read_secret(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    read(path, false)
}

fn read(path: &Path, danger_readable_by_others: bool) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o777;
        if mode & 0o077 != 0 && !danger_readable_by_others {
            return Err(KeyFileError::Readable(mode));
        }
    }
    #[cfg(not(unix))]
    let _ = danger_readable_by_others;
    // One allocation: a vector that grows leaves copies of the secret behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024 + 1));
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(KeyFileError::NotAKey);
    }
    Ok(bytes)
}

/// Reads a private key from PEM, see [`PrivateKey::from_pem`].
pub fn read_signer(path: &Path, options: &ReadOptions<'_>) -> Result<PrivateKey, KeyFileError> {
    let bytes = read(path, options.danger_readable_by_others)?;
    let pem = std::str::from_utf8(&bytes).map_err(|_| KeyFileError::NotAKey)?;
    Ok(PrivateKey::from_pem(pem, options.passphrase)?)
}

/// Reads a passphrase or PIN: the bytes of the one line in the file, as openssl's `-passin file:` does.
pub fn read_passphrase(path: &Path) -> Result<Secret<Vec<u8>>, KeyFileError> {
    let bytes = read_secret(path)?;
    let line = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.is_empty() || line.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return Err(KeyFileError::NotAPassphrase);
    }
    Ok(Secret::new(line.to_vec()))
}

/// Writes `STEM.private.pem` (0600), under a passphrase if wanted, and `STEM.public.pem` into a folder.
pub fn write_pair(
    folder: &Path,
    stem: &str,
    key: &PrivateKey,
    protection: Option<&Protection<'_>>,
) -> Result<(), KeyFileError> {
    let pem = match protection {
        Some(protection) => key.to_encrypted_pem(protection)?,
        None => key.to_pem()?,
    };
    write_secret(&folder.join(format!("{stem}.private.pem")), pem.expose().as_bytes())?;
    fs::write(folder.join(format!("{stem}.public.pem")), key.public_key().to_pem())?;
    Ok(())
}

/// Writes `KID.secret` (0600) into a folder: the 64 digits and nothing else.
pub fn write_shared_secret(folder: &Path, secret: &SharedSecret) -> Result<(), KeyFileError> {
    let path = folder.join(format!("{}.secret", secret.kid()));
    Ok(write_secret(&path, secret.text().expose().as_bytes())?)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::Ed25519Signer;

    fn key() -> PrivateKey {
        Ed25519Signer::from_seed([3; 32]).unwrap().into()
    }

    #[test]
    fn a_private_key_file_is_for_its_owner_only_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        write_pair(folder.path(), "root", &key(), None).unwrap();
        let path = folder.path().join("root.private.pem");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let read = |options: &ReadOptions<'_>| read_signer(&path, options);
        assert_eq!(read(&ReadOptions::default()).unwrap().public_key(), key().public_key());
        assert!(write_pair(folder.path(), "root", &key(), None).is_err());

        for mode in [0o644, 0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = read(&ReadOptions::default());
            assert!(matches!(refused, Err(KeyFileError::Readable(m)) if m == mode), "{mode:o}");
            let told = ReadOptions { danger_readable_by_others: true, ..ReadOptions::default() };
            assert!(read(&told).is_ok(), "{mode:o}");
        }
    }

    #[test]
    fn anything_else_is_not_a_key() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("empty", &b""[..]),
            ("text", b"hello"),
            ("binary", &[0xff; 100]),
            ("huge", &[b'a'; 70_000]),
        ] {
            let path = folder.path().join(name);
            write_secret(&path, bytes).unwrap();
            assert!(read_signer(&path, &ReadOptions::default()).is_err(), "{name}");
        }
    }

    #[test]
    fn a_passphrase_file_holds_one_line_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passphrase");
        let written = |bytes: &[u8]| {
            fs::remove_file(&path).ok();
            write_secret(&path, bytes).unwrap();
            read_passphrase(&path)
        };
        for bytes in [&b" a b "[..], b" a b \n", b" a b \r\n"] {
            assert_eq!(written(bytes).unwrap().expose(), b" a b ");
        }
        for bytes in [&b""[..], b"\n", b"\r\n", b"one\ntwo", b"one\ntwo\n", b"one\n\n"] {
            assert!(matches!(written(bytes), Err(KeyFileError::NotAPassphrase)), "{bytes:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_passphrase(&path), Err(KeyFileError::Readable(0o644))));
    }

    #[test]
    fn a_shared_secret_file_holds_the_digits_alone() {
        let folder = tempfile::tempdir().unwrap();
        let secret = SharedSecret::from_random([9; 32]);
        write_shared_secret(folder.path(), &secret).unwrap();
        let path = folder.path().join(format!("{}.secret", secret.kid()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "09".repeat(32));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(write_shared_secret(folder.path(), &secret).is_err());
    }
}
