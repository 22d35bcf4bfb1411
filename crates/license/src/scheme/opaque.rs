//! `opaque`: keys that another system made. Only the authority knows them, by their hash.

use crate::Invalid;

/// Shortest opaque key, in characters.
const MIN: usize = 8;
/// Longest opaque key, in characters.
const MAX: usize = 200;

/// Any printable word of sensible length; call it last.
pub(super) fn shape(key: &str) -> Result<(), Invalid> {
    match key.len() {
        ..MIN => Err(Invalid::Malformed("it is shorter than any key")),
        MIN..=MAX => Ok(()),
        _ => Err(Invalid::Malformed("it has no known shape and is longer than 200 characters")),
    }
}
