//! Which version of a resource an answer shows (`ETag`) and a change is meant for (`If-Match`); RFC 9110 section 13.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use licentia_authority::version;
use licentia_protocol::{Code, Problem};
use serde::Serialize;

use crate::problem::Failure;

/// What the header of this name does.
pub(crate) const IF_MATCH: &str =
    "The `ETag` of what was read: the change is made only if nobody has changed it since.";

/// A resource with its version as `ETag`.
pub(crate) struct Versioned<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        let tag = HeaderValue::try_from(format!("\"{}\"", version(&self.0)));
        let mut response = axum::Json(self.0).into_response();
        if let Ok(tag) = tag {
            response.headers_mut().insert(header::ETAG, tag);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// Of which version a change is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// `*`: whatever it is, as long as it is there.
    Any,
    /// One of these.
    Versions(Vec<String>),
}

/// What `If-Match` says; `None`: it is not there.
pub(crate) fn if_match(headers: &HeaderMap) -> Result<Option<IfMatch>, Failure> {
    let mut versions = Vec::new();
    let mut values = headers.get_all(header::IF_MATCH).iter().peekable();
    if values.peek().is_none() {
        return Ok(None);
    }
    for value in values {
        let value = value.to_str().map_err(|_| malformed())?;
        for tag in value.split(',').map(str::trim) {
            if tag == "*" {
                return Ok(Some(IfMatch::Any));
            }
            // A weak tag (`W/`) names no exact version, so it matches none.
            let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
            versions.push(tag.ok_or_else(malformed)?.to_owned());
        }
    }
    Ok(Some(IfMatch::Versions(versions)))
}

fn malformed() -> Failure {
    Problem::new(Code::Malformed)
        .because("`If-Match` must hold quoted versions, as `ETag` has them.")
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&str]) -> Result<Option<IfMatch>, ()> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::IF_MATCH, HeaderValue::from_str(value).unwrap());
        }
        if_match(&headers).map_err(drop)
    }

    fn versions(all: &[&str]) -> Result<Option<IfMatch>, ()> {
        Ok(Some(IfMatch::Versions(all.iter().map(|tag| (*tag).to_owned()).collect())))
    }

    #[test]
    fn versions_are_read_as_they_are_written() {
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["*"]), Ok(Some(IfMatch::Any)));
        assert_eq!(read(&["\"a\", \"b\"", "\"c\""]), versions(&["a", "b", "c"]));
        for wrong in ["a", "W/\"a\"", "\"a", ""] {
            assert_eq!(read(&[wrong]), Err(()), "{wrong}");
        }
        let tag = Versioned("x").into_response().headers()[header::ETAG].clone();
        assert_eq!(read(&[tag.to_str().unwrap()]), versions(&[&version(&"x")]));
    }
}
