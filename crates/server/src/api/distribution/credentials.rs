//! What a customer shows: a password by `Basic`, or the same as a bearer. Whose it is follows from it, so the user
//! name is not looked at; people put their customer or licence id there.

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use base64ct::{Base64, Base64Unpadded, Encoding};
use licentia_authority::AuthorityError;
use licentia_issue::Secret;
use licentia_protocol::Code;
use uuid::Uuid;

use crate::gate::Gate;
use crate::limits::Credential;
use crate::problem::Failure;

/// Longest `Authorization` that is read: the longest licence key as base64, and a name.
const LONGEST: usize = 24 * 1024;

/// The password, if there is one.
pub(crate) struct Shown(pub(crate) Option<Secret<String>>);

impl<S: Send + Sync> FromRequestParts<S> for Shown {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Ok(Self(None)) };
        let read = value.to_str().ok().filter(|text| text.len() <= LONGEST).and_then(password);
        match read {
            Some(password) => Ok(Self(Some(password))),
            None => Err(Code::WrongCredentials.into()),
        }
    }
}

impl Shown {
    /// Whether the request may go on.
    pub(crate) fn enter(&self, gate: &Gate) -> Result<(), Failure> {
        gate.enter(self.0.as_ref().map(|shown| Credential::Key(shown.expose())))
    }

    /// What was shown was good, or not: the next request is limited accordingly.
    pub(crate) fn judged<T>(
        &self,
        gate: &Gate,
        result: Result<T, AuthorityError>,
        license: impl FnOnce(&T) -> Option<Uuid>,
    ) -> Result<T, Failure> {
        match (&result, &self.0) {
            (Ok(done), Some(shown)) => {
                if let Some(license_id) = license(done) {
                    gate.good_key(shown.expose(), license_id);
                }
            }
            (Err(AuthorityError::Refused(code)), Some(_)) => gate.failed(code.as_str()),
            _ => {}
        }
        Ok(result?)
    }

    pub(crate) fn password(&self) -> Option<String> {
        self.0.as_ref().map(|shown| shown.expose().clone())
    }
}

fn password(value: &str) -> Option<Secret<String>> {
    let (scheme, rest) = value.split_once(' ')?;
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(Secret::new(rest.to_owned()));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = Base64::decode_vec(rest).or_else(|_| Base64Unpadded::decode_vec(rest)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    // A name holds no colon, a password may (RFC 7617 section 2).
    let (_, password) = text.split_once(':')?;
    Some(Secret::new(password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_hold_colons_and_a_bearer_is_one() {
        let read = |value: &str| password(value).map(|secret| secret.expose().clone());
        assert_eq!(read("Basic YTpiOmM="), Some("b:c".into()));
        assert_eq!(read("basic YTpiOmM"), Some("b:c".into()));
        assert_eq!(read("Bearer lpt_x"), Some("lpt_x".into()));
        for wrong in ["", "Basic", "Basic !", "Basic YWJj", "Digest YTpi", "Basic /w=="] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
