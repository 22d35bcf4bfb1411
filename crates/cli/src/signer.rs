//! The private key that a command signs with: a file, or a key in an HSM by its URI (RFC 7512).

use std::path::Path;

use licentia_issue::keyfile::{self, KeyFileError, ReadOptions};
use licentia_issue::pkcs11::{HsmError, HsmKey, uri};
use licentia_issue::{PrivateKey, PrivateKeyError, Secret, Signer};

use crate::failure::Failure;

/// Opens a key that signs, by the name of its file or its URI; see [`file`].
pub(crate) fn open(
    location: &Path,
    passphrase_file: Option<&Path>,
    flag: &str,
    hint: &str,
) -> Result<Box<dyn Signer>, Failure> {
    match location.to_str() {
        Some(uri) if uri.starts_with(uri::SCHEME) => open_hsm(uri),
        _ => Ok(Box::new(file(location, passphrase_file, flag, hint)?)),
    }
}

/// Reads a key file. `flag` is what names its passphrase, `hint` what to try where the file is not what it
/// should be.
pub(crate) fn file(
    path: &Path,
    passphrase_file: Option<&Path>,
    flag: &str,
    hint: &str,
) -> Result<PrivateKey, Failure> {
    let passphrase = passphrase_file.map(passphrase).transpose()?;
    let options = ReadOptions { passphrase: passphrase.as_ref(), ..ReadOptions::default() };
    keyfile::read_signer(path, &options).map_err(|error| {
        let what = format!("{}: {error}", path.display());
        match error {
            KeyFileError::Readable(_) => {
                Failure::usage(what, format!("`chmod 600 {}`", path.display()))
            }
            KeyFileError::Key(
                PrivateKeyError::PassphraseWanted | PrivateKeyError::WrongPassphrase,
            ) => {
                Failure::usage(what, format!("name the file that holds its passphrase with {flag}"))
            }
            _ => Failure::usage(what, hint),
        }
    })
}

/// Opens a key in an HSM.
pub(crate) fn open_hsm(uri: &str) -> Result<Box<dyn Signer>, Failure> {
    let key = HsmKey::from_uri(uri).map_err(|error| {
        Failure::usage(
            error,
            "pkcs11:token=TOKEN;object=LABEL?module-path=LIBRARY&pin-source=FILE, and quote it for the shell",
        )
    })?;
    match key.open() {
        Ok(signer) => Ok(Box::new(signer)),
        Err(error) => Err(Failure::undone(&error, hint(&error))),
    }
}

/// The passphrase in a file.
pub(crate) fn passphrase(path: &Path) -> Result<Secret<Vec<u8>>, Failure> {
    keyfile::read_passphrase(path).map_err(|error| {
        let hint = match error {
            KeyFileError::Readable(_) => format!("`chmod 600 {}`", path.display()),
            KeyFileError::Io(_) => "check the path and that this user may read the file".to_owned(),
            _ => "write the passphrase into the file as its only line".to_owned(),
        };
        Failure::usage(format!("{}: {error}", path.display()), hint)
    })
}

fn hint(error: &HsmError) -> &'static str {
    match error {
        HsmError::Module { .. } => "name the library that the HSM's maker ships for this system",
        HsmError::NoToken(_) | HsmError::AmbiguousToken(_) => {
            "`pkcs11-tool --list-slots` or the HSM's own tools show what is plugged in"
        }
        HsmError::PinFile { .. } => {
            "write the PIN into the file as its only line, and `chmod 600` it"
        }
        HsmError::WrongPin | HsmError::PinLocked => {
            "correct the PIN before the next try: a token locks itself after a few wrong ones"
        }
        HsmError::NoKey { .. } | HsmError::AmbiguousKey(_) => {
            "`pkcs11-tool --login --list-objects` shows labels and identifiers; the key needs its public half beside it"
        }
        HsmError::Unsupported => {
            "make an Ed25519 key, or an RSA key of 2048 to 4096 bits, in the token"
        }
        _ => "check the HSM with its maker's tools, then run it again",
    }
}
