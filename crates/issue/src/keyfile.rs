//! Secret files: readable by their owner only, written whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use crate::signer::{Ed25519Signer, Signer, SignerError};

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
    Key(#[from] SignerError),
    /// Not text, or too long.
    #[error("the file is not a key file")]
    NotAKey,
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
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata()?.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyFileError::Readable(mode));
        }
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(KeyFileError::NotAKey);
    }
    Ok(bytes)
}

/// Reads a private key in PKCS#8 PEM.
pub fn read_signer(path: &Path) -> Result<Ed25519Signer, KeyFileError> {
    let bytes = read_secret(path)?;
    let pem = std::str::from_utf8(&bytes).map_err(|_| KeyFileError::NotAKey)?;
    Ok(Ed25519Signer::from_pem(pem)?)
}

/// Writes `STEM.private.pem` (0600) and `STEM.public.pem` into a folder.
pub fn write_pair(folder: &Path, stem: &str, signer: &Ed25519Signer) -> Result<(), KeyFileError> {
    let pem = signer.to_pem()?;
    write_secret(&folder.join(format!("{stem}.private.pem")), pem.expose().as_bytes())?;
    fs::write(folder.join(format!("{stem}.public.pem")), signer.public_key().to_pem())?;
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_private_key_file_is_for_its_owner_only_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let signer = Ed25519Signer::from_seed([3; 32]).unwrap();
        write_pair(folder.path(), "root", &signer).unwrap();
        let path = folder.path().join("root.private.pem");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read_signer(&path).unwrap().public_key(), signer.public_key());
        assert!(write_pair(folder.path(), "root", &signer).is_err());

        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read_signer(&path), Err(KeyFileError::Readable(0o644))));
    }

    #[test]
    fn anything_else_is_not_a_key() {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in [("empty", &b""[..]), ("text", b"hello"), ("binary", &[0xff; 100]), ("huge", &[b'a'; 70_000])] {
            let path = folder.path().join(name);
            write_secret(&path, bytes).unwrap();
            assert!(read_signer(&path).is_err(), "{name}");
        }
    }
}
