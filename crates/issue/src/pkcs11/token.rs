//! A session with a token: log in, find the key, sign.

use cryptoki::context::Pkcs11;
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::mechanism::eddsa::{EddsaParams, EddsaSignatureScheme};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::RawAuthPin;
use licentia_license::key::{Algorithm, PublicKey};

use super::{HsmError, HsmKey, KeyName};

/// A session that is logged in and has found its key.
pub(super) struct Open {
    session: Session,
    key: ObjectHandle,
    algorithm: Algorithm,
    /// The run of the library that it belongs to.
    pub(super) run: u64,
}

pub(super) fn open(
    library: &Pkcs11,
    run: u64,
    key: &HsmKey,
) -> Result<(Open, PublicKey), HsmError> {
    let slot = slot(library, &key.token)?;
    // Closed by hand: closing by itself, a session of a former run would close a stranger's.
    let session = library.open_ro_session_no_drop(slot)?;
    match find(&session, key) {
        Ok((handle, public)) => {
            let algorithm = public.algorithm();
            Ok((Open { session, key: handle, algorithm, run }, public))
        }
        Err(error) => {
            // What went wrong before is what the caller has to know.
            let _ = session.close();
            Err(error)
        }
    }
}

fn slot(library: &Pkcs11, label: &str) -> Result<Slot, HsmError> {
    let mut found = None;
    for slot in library.get_slots_with_token()? {
        // A token that is pulled out just now is not there.
        if library.get_token_info(slot).is_ok_and(|info| info.label() == label)
            && found.replace(slot).is_some()
        {
            return Err(HsmError::AmbiguousToken(label.to_owned()));
        }
    }
    found.ok_or_else(|| HsmError::NoToken(label.to_owned()))
}

fn find(session: &Session, key: &HsmKey) -> Result<(ObjectHandle, PublicKey), HsmError> {
    log_in(session, key)?;
    let mut wanted = vec![Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Sign(true)];
    wanted
        .extend(key.name.label.as_ref().map(|label| Attribute::Label(label.clone().into_bytes())));
    wanted.extend(key.name.id.clone().map(Attribute::Id));
    let private = match session.find_objects(&wanted)?[..] {
        [private] => private,
        [] => return Err(HsmError::NoKey { kind: "private", name: key.name.clone() }),
        _ => return Err(HsmError::AmbiguousKey(key.name.clone())),
    };
    Ok((private, public_half(session, private, &key.name)?))
}

fn log_in(session: &Session, key: &HsmKey) -> Result<(), HsmError> {
    let pin = key.pin()?;
    let pin = RawAuthPin::new(Box::new(pin.expose().clone()));
    match session.login_with_raw(UserType::User, &pin) {
        // Another signer of this process has logged in to the token.
        Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        Err(Error::Pkcs11(
            RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange,
            _,
        )) => Err(HsmError::WrongPin),
        Err(Error::Pkcs11(RvError::PinLocked, _)) => Err(HsmError::PinLocked),
        Err(error) => Err(error.into()),
    }
}

/// The public half of a private key: the public key object of the same identifier, or label where it has none.
fn public_half(
    session: &Session,
    private: ObjectHandle,
    name: &KeyName,
) -> Result<PublicKey, HsmError> {
    let wanted = [AttributeType::KeyType, AttributeType::Id, AttributeType::Label];
    let (mut kind, mut id, mut label) = (None, None, None);
    for attribute in session.get_attributes(private, &wanted)? {
        match attribute {
            Attribute::KeyType(value) => kind = Some(value),
            Attribute::Id(value) if !value.is_empty() => id = Some(Attribute::Id(value)),
            Attribute::Label(value) => label = Some(Attribute::Label(value)),
            _ => {}
        }
    }
    let kind = kind.filter(|kind| matches!(*kind, KeyType::EC_EDWARDS | KeyType::RSA));
    let kind = kind.ok_or(HsmError::Unsupported)?;
    let missing = || HsmError::NoKey { kind: "public", name: name.clone() };
    let template = [
        Attribute::Class(ObjectClass::PUBLIC_KEY),
        Attribute::KeyType(kind),
        id.or(label).ok_or_else(missing)?,
    ];
    let public = *session.find_objects(&template)?.first().ok_or_else(missing)?;
    let wanted: &[_] = if kind == KeyType::RSA {
        &[AttributeType::Modulus, AttributeType::PublicExponent]
    } else {
        &[AttributeType::EcPoint]
    };
    let (mut n, mut e, mut point) = (Vec::new(), Vec::new(), Vec::new());
    for attribute in session.get_attributes(public, wanted)? {
        match attribute {
            Attribute::Modulus(value) => n = value,
            Attribute::PublicExponent(value) => e = value,
            Attribute::EcPoint(value) => point = value,
            _ => {}
        }
    }
    let public = if kind == KeyType::RSA {
        PublicKey::from_rsa_parts(&n, &e)
    } else {
        let point = ed25519_point(&point).ok_or(HsmError::Unsupported)?;
        PublicKey::from_ed25519_bytes(point)
    };
    public.map_err(|_| HsmError::Unsupported)
}

/// The 32 bytes of `CKA_EC_POINT`: in an OCTET STRING, as PKCS #11 v3.0 section 2.3.5 wants it, or bare, as some
/// devices give it.
fn ed25519_point(value: &[u8]) -> Option<&[u8; 32]> {
    match value {
        [0x04, 0x20, point @ ..] if point.len() == 32 => point.try_into().ok(),
        point => point.try_into().ok(),
    }
}

impl Open {
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, HsmError> {
        let mechanism = match self.algorithm {
            Algorithm::Ed25519 => Mechanism::Eddsa(EddsaParams::new(EddsaSignatureScheme::Ed25519)),
            Algorithm::Rs256 => Mechanism::Sha256RsaPkcs,
        };
        Ok(self.session.sign(&mechanism, self.key, message)?)
    }

    pub(super) fn close(self) {
        // A session that is gone already is closed.
        let _ = self.session.close();
    }
}

impl From<Error> for HsmError {
    fn from(error: Error) -> Self {
        Self::Device(error.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_taken_wrapped_and_bare_and_in_no_other_length() {
        let bare = [7; 32];
        let wrapped = [&[0x04, 0x20][..], &bare].concat();
        assert_eq!(ed25519_point(&bare), Some(&bare));
        assert_eq!(ed25519_point(&wrapped), Some(&bare));
        for wrong in [&[][..], &wrapped[..33], &bare[..31], &[&wrapped[..], &[0]].concat()] {
            assert_eq!(ed25519_point(wrong), None);
        }
    }
}
