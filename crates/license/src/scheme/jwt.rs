//! `jwt`: a compact JWS of type `license+jwt`, under the Volcanic Pixels profile also theirs.

use crate::scheme::{Profile, Rules, profile};
use crate::verify::verify as verify_document;
use crate::{Document, Invalid, License, Trust, Verified, jws};

/// Whether a key wants to be a JWS: a JOSE header begins with `{"`, in base64url `eyJ`.
pub(super) fn is_meant(key: &str) -> bool {
    key.starts_with("eyJ") || dots(key) == 2
}

pub(super) fn shape(key: &str) -> Result<(), Invalid> {
    if dots(key) == 2 {
        return Ok(());
    }
    Err(Invalid::Malformed("it wants three parts between dots; it was cut off or runs on"))
}

fn dots(key: &str) -> usize {
    key.bytes().filter(|b| *b == b'.').count()
}

pub(super) fn verify(
    key: &str,
    trust: &Trust,
    rules: &Rules,
) -> Result<Verified<License>, Invalid> {
    if rules.profile == Some(Profile::Volcanic) {
        let compact = jws::Compact::split(key)?;
        if compact.header()?.typ() != Some(License::TYP) {
            return profile::volcanic(key, &compact, trust, rules);
        }
    }
    verify_document(key, trust)
}
