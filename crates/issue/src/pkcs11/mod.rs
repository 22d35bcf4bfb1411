//! Keys in an HSM, used through the PKCS#11 library of its maker (PKCS #11 v2.40 and later).
//!
//! The private key never leaves the device. Every signature is verified before it is released
//! ([`Checked`]), since devices are known to ignore parameters. A token that was away is used again when
//! it is back, without a restart.

mod module;
mod token;
pub mod uri;

use std::error::Error;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use licentia_license::key::PublicKey;

use self::module::Module;
use self::token::Open;
use crate::Secret;
use crate::keyfile::{self, KeyFileError};
use crate::signer::{Checked, Signer, SignerError};

/// Where a key is.
pub struct HsmKey {
    /// The maker's library, such as `/usr/lib/softhsm/libsofthsm2.so`. It is loaded into this process: whoever
    /// may choose it may do what the process may do.
    pub module: PathBuf,
    /// Label of the token.
    pub token: String,
    /// What the key is called there.
    pub name: KeyName,
    /// The user's PIN.
    pub pin: Pin,
}

/// What a key is called in its token: label (`CKA_LABEL`), identifier (`CKA_ID`), or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyName {
    /// Label.
    pub label: Option<String>,
    /// Identifier.
    pub id: Option<Vec<u8>>,
}

/// The PIN of a token, or the file that holds it.
pub enum Pin {
    /// The PIN itself.
    Value(Secret<Vec<u8>>),
    /// A file with the PIN as its one line, read whenever a session is opened.
    File(PathBuf),
}

/// Why a key in an HSM cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HsmError {
    /// The library is not there, or is none.
    #[error("the PKCS#11 library {} cannot be used: {source}", path.display())]
    Module {
        /// Where it was looked for.
        path: PathBuf,
        /// What the system or the library said.
        source: Box<dyn Error + Send + Sync>,
    },
    /// No token of that label is plugged in.
    #[error("no token labelled `{0}` is there")]
    NoToken(String),
    /// Two tokens of that label.
    #[error("more than one token is labelled `{0}`")]
    AmbiguousToken(String),
    /// The PIN file cannot be used.
    #[error("the PIN file {} cannot be used: {source}", path.display())]
    PinFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: KeyFileError,
    },
    /// Wrong PIN. It is not tried again, since the token locks itself after a few.
    #[error(
        "the PIN is not the token's; it is not tried again, so that the token does not lock itself"
    )]
    WrongPin,
    /// Too many wrong PINs.
    #[error(
        "the token has locked itself after too many wrong PINs; its security officer can reset it"
    )]
    PinLocked,
    /// No such key, or none that may sign.
    #[error("the token has no {kind} key {name}")]
    NoKey {
        /// `private` (one that may sign) or `public`.
        kind: &'static str,
        /// What it should be called.
        name: KeyName,
    },
    /// Two keys of that name.
    #[error("the token has more than one private key {0}")]
    AmbiguousKey(KeyName),
    /// Neither Ed25519 nor RSA.
    #[error(
        "only Ed25519 keys and RSA keys of 2048 to 4096 bits can sign; the one in the token is another"
    )]
    Unsupported,
    /// Another key took the name while the token was away.
    #[error("the token now holds another key of that name than at the start")]
    OtherKey,
    /// The device failed, or is away.
    #[error("the HSM answers: {0}")]
    Device(#[source] Box<dyn Error + Send + Sync>),
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(label) = &self.label {
            write!(f, "labelled `{label}`")?;
        }
        if let Some(id) = &self.id {
            f.write_str(if self.label.is_some() { " with id " } else { "with id " })?;
            id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        }
        Ok(())
    }
}

impl HsmKey {
    /// Logs in to the token and finds the key.
    pub fn open(self) -> Result<Checked<HsmSigner>, HsmError> {
        let module = Module::load(&self.module)?;
        let (open, public) = module.open(&self)?;
        let state = Mutex::new(State { open: Some(open), wrong_pin: false });
        Ok(Checked::new(HsmSigner { key: self, module, public, state }))
    }

    fn pin(&self) -> Result<Secret<Vec<u8>>, HsmError> {
        match &self.pin {
            Pin::Value(pin) => Ok(Secret::new(pin.expose().clone())),
            Pin::File(path) => keyfile::read_passphrase(path)
                .map_err(|source| HsmError::PinFile { path: path.clone(), source }),
        }
    }
}

/// Signs with a key in an HSM, one signature at a time; more signers of one key work side by side.
pub struct HsmSigner {
    key: HsmKey,
    module: Arc<Module>,
    public: PublicKey,
    /// A session is for one thread at a time.
    state: Mutex<State>,
}

struct State {
    open: Option<Open>,
    wrong_pin: bool,
}

impl HsmSigner {
    fn sign_in(&self, state: &mut State, message: &[u8]) -> Result<Vec<u8>, HsmError> {
        if let Some(open) = &state.open
            && let Ok(signature) = self.module.sign(open, message)
        {
            return Ok(signature);
        }
        if state.wrong_pin {
            return Err(HsmError::WrongPin);
        }
        // The token may have been away, or the device started anew: once more from the beginning.
        self.close(state);
        let opened = self.module.open(&self.key).or_else(|error| match error {
            HsmError::NoToken(_) | HsmError::NoKey { .. } | HsmError::Device(_) => {
                self.module.restart()?;
                self.module.open(&self.key)
            }
            error => Err(error),
        });
        state.wrong_pin = matches!(opened, Err(HsmError::WrongPin | HsmError::PinLocked));
        let (open, public) = opened?;
        if public != self.public {
            self.module.close(open);
            return Err(HsmError::OtherKey);
        }
        self.module.sign(state.open.insert(open), message)
    }

    fn close(&self, state: &mut State) {
        if let Some(open) = state.open.take() {
            self.module.close(open);
        }
    }
}

impl Signer for HsmSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.sign_in(&mut state, message).map_err(|e| SignerError::Unavailable(Box::new(e)))
    }
}

impl Drop for HsmSigner {
    fn drop(&mut self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.close(&mut state);
    }
}
