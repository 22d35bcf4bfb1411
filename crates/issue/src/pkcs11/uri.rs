//! PKCS#11 URIs (RFC 7512): where a key is, in one word that fits wherever a key file's name does.

use std::path::PathBuf;

use super::{HsmKey, KeyName, Pin};

/// What a PKCS#11 URI begins with.
pub const SCHEME: &str = "pkcs11:";

/// Why a PKCS#11 URI was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// Not `pkcs11:NAME=VALUE;…?NAME=VALUE&…`.
    #[error("not a PKCS#11 URI")]
    Malformed,
    /// Something that has to be there is not.
    #[error("the PKCS#11 URI has no `{0}`")]
    Missing(&'static str),
    /// An attribute that is not looked at: ignoring it could mean another token or key.
    #[error("the PKCS#11 URI names `{0}`, which is not supported")]
    Unsupported(String),
    /// The PIN itself.
    #[error("the PKCS#11 URI holds a PIN, which others can see; give the file with `pin-source`")]
    PinInside,
}

impl HsmKey {
    /// A key by its URI: `pkcs11:token=T;object=LABEL;id=%01?module-path=FILE&pin-source=FILE`, with `object`,
    /// `id`, or both.
    pub fn from_uri(uri: &str) -> Result<Self, UriError> {
        let rest = uri.strip_prefix(SCHEME).ok_or(UriError::Malformed)?;
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (mut token, mut module, mut pin) = (None, None, None);
        let mut name = KeyName::default();
        for (attribute, value) in attributes(path, ';') {
            match attribute {
                "token" => once(&mut token, text(value)?)?,
                "object" => once(&mut name.label, text(value)?)?,
                "id" => once(&mut name.id, decoded(value)?)?,
                "type" if value == "private" => {}
                other => return Err(UriError::Unsupported(other.to_owned())),
            }
        }
        for (attribute, value) in attributes(query, '&') {
            match attribute {
                "module-path" => once(&mut module, PathBuf::from(text(value)?))?,
                "pin-source" => {
                    let file = text(value)?;
                    let file = file
                        .strip_prefix("file://")
                        .or(file.strip_prefix("file:"))
                        .unwrap_or(&file);
                    once(&mut pin, Pin::File(file.into()))?;
                }
                "pin-value" => return Err(UriError::PinInside),
                other => return Err(UriError::Unsupported(other.to_owned())),
            }
        }
        if name == KeyName::default() {
            return Err(UriError::Missing("object"));
        }
        Ok(Self {
            module: module.ok_or(UriError::Missing("module-path"))?,
            token: token.ok_or(UriError::Missing("token"))?,
            name,
            pin: pin.ok_or(UriError::Missing("pin-source"))?,
        })
    }
}

/// `NAME=VALUE` pairs; a pair without a value has an empty one.
fn attributes(text: &str, separator: char) -> impl Iterator<Item = (&str, &str)> {
    text.split(separator)
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn once<T>(place: &mut Option<T>, value: T) -> Result<(), UriError> {
    if place.replace(value).is_some() { Err(UriError::Malformed) } else { Ok(()) }
}

fn text(value: &str) -> Result<String, UriError> {
    String::from_utf8(decoded(value)?).map_err(|_| UriError::Malformed)
}

/// Percent-decoded, and not empty.
fn decoded(value: &str) -> Result<Vec<u8>, UriError> {
    let mut bytes = value.bytes();
    let mut decoded = Vec::with_capacity(value.len());
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(bytes.next()), digit(bytes.next()));
                let byte = high.zip(low).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
                byte.ok_or(UriError::Malformed)?
            }
            byte => byte,
        });
    }
    if decoded.is_empty() { Err(UriError::Malformed) } else { Ok(decoded) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uri_names_library_token_key_and_pin_file() {
        let uri = "pkcs11:token=My%20token;object=root%3b;id=%01%aB;type=private\
                   ?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/pin";
        let key = HsmKey::from_uri(uri).unwrap();
        assert_eq!(key.token, "My token");
        assert_eq!(key.name.label.as_deref(), Some("root;"));
        assert_eq!(key.name.id.as_deref(), Some(&[1, 0xab][..]));
        assert_eq!(key.module, PathBuf::from("/usr/lib/softhsm/libsofthsm2.so"));
        assert!(matches!(key.pin, Pin::File(file) if file.as_os_str() == "/run/pin"));
        for source in ["pin", "file:pin", "file:///a/pin"] {
            let uri = format!("pkcs11:token=t;id=a?module-path=m&pin-source={source}");
            let file = source.trim_start_matches("file:").trim_start_matches("//");
            assert!(
                matches!(HsmKey::from_uri(&uri).unwrap().pin, Pin::File(path) if path.as_os_str() == file)
            );
        }
    }

    #[test]
    fn what_cannot_be_heeded_is_refused() {
        let refused = |uri: &str| HsmKey::from_uri(uri).err().unwrap();
        let unsupported = |name: &str| UriError::Unsupported(name.to_owned());
        for (uri, error) in [
            ("file.pem", UriError::Malformed),
            ("pkcs11:", UriError::Missing("object")),
            ("pkcs11:token=t?module-path=m&pin-source=p", UriError::Missing("object")),
            ("pkcs11:object=o?module-path=m&pin-source=p", UriError::Missing("token")),
            ("pkcs11:token=t;object=o?pin-source=p", UriError::Missing("module-path")),
            ("pkcs11:token=t;object=o?module-path=m", UriError::Missing("pin-source")),
            ("pkcs11:token=t;object=o?module-path=m&pin-value=1234", UriError::PinInside),
            ("pkcs11:token=t;object=o;serial=1?module-path=m&pin-source=p", unsupported("serial")),
            ("pkcs11:token=t;object=o;type=public?module-path=m&pin-source=p", unsupported("type")),
            ("pkcs11:token=t;object=o?module-name=m&pin-source=p", unsupported("module-name")),
            ("pkcs11:token=t;token=u;object=o?module-path=m&pin-source=p", UriError::Malformed),
            ("pkcs11:token=;object=o?module-path=m&pin-source=p", UriError::Malformed),
            ("pkcs11:token=t;id=%0?module-path=m&pin-source=p", UriError::Malformed),
            ("pkcs11:token=t;id=%0g?module-path=m&pin-source=p", UriError::Malformed),
            ("pkcs11:token=%ff;object=o?module-path=m&pin-source=p", UriError::Malformed),
        ] {
            assert_eq!(refused(uri), error, "{uri}");
        }
    }
}
