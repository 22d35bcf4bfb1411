//! What a request is made of, with our own errors: the body as strict JSON, the bearer.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use licentia_license::json;
use licentia_protocol::{Code, Problem};
use serde::de::DeserializeOwned;

use crate::problem::Failure;

/// A JSON body. The error names the field, and never quotes a value: it could be a key.
pub(crate) struct Json<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|e| unreadable(&e))?;
        read(&bytes).map(Self).map_err(|fault| fault.problem().into())
    }
}

pub(crate) fn unreadable(rejection: &BytesRejection) -> Failure {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Code::TooLarge.into()
    } else {
        Problem::new(Code::Malformed).because("The body did not arrive whole.").into()
    }
}

/// Why a body cannot be read, and which field is to blame.
struct Fault {
    what: String,
    field: Option<(String, &'static str)>,
}

impl Fault {
    fn of_all(what: impl Into<String>) -> Self {
        Self { what: what.into(), field: None }
    }

    fn of(field: &str, code: &'static str, what: &str) -> Self {
        let what = format!("The field `{field}` {what}.");
        Self { what, field: Some((field.to_owned(), code)) }
    }

    fn problem(self) -> Problem {
        let problem = Problem::new(Code::Malformed).because(&self.what);
        match self.field {
            Some((field, code)) => problem.at(&field, code, &self.what),
            None => problem,
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Fault> {
    json::check(bytes).map_err(|e| {
        Fault::of_all(format!(
            "The body is not JSON without duplicate members and at most 16 deep (line {}, column {}).",
            e.line(),
            e.column()
        ))
    })?;
    // A list would be taken for the fields in their order.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Fault::of_all("The body is not a JSON object."));
    }
    // Only a body that cannot be read is read again in a way that knows where the fault is.
    if let Ok(value) = serde_json::from_slice(bytes) {
        return Ok(value);
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|e| {
        let (path, inner) = (e.path().to_string(), e.inner().to_string());
        if let Some((field, _)) =
            inner.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'))
        {
            return Fault::of(field, "missing", "is missing");
        }
        match &*path {
            "." => Fault::of_all("The body is not a JSON object."),
            _ if inner.starts_with("unknown field `") => {
                Fault::of(&path, "unknown", "is not known")
            }
            _ => Fault::of(&path, "malformed", "has a value of the wrong kind"),
        }
    })
}

/// A cookie of this name.
pub(crate) fn cookie(headers: &HeaderMap, wanted: &str) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs =
        cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(name, _)| name.trim() == wanted).map(|(_, value)| value.trim().to_owned())
}

/// Whether a header lists this `ETag`, strong or weak (RFC 9110 section 8.8.3.2), or `*`; `None`: there is no such header.
pub(crate) fn names_tag(headers: &HeaderMap, name: HeaderName, tag: &str) -> Option<bool> {
    names(headers, name, |shown| shown.strip_prefix("W/").unwrap_or(shown) == tag)
}

/// The same by the strong comparison, as `If-Match` wants it: a weak tag means nothing exactly.
pub(crate) fn names_strong_tag(headers: &HeaderMap, name: HeaderName, tag: &str) -> Option<bool> {
    names(headers, name, |shown| shown == tag)
}

fn names(headers: &HeaderMap, name: HeaderName, is: impl Fn(&str) -> bool) -> Option<bool> {
    let mut values = headers.get_all(name).iter().peekable();
    values.peek()?;
    let texts = values.filter_map(|value| value.to_str().ok());
    let mut tags = texts.flat_map(|text| text.split(',')).map(str::trim);
    Some(tags.any(|shown| shown == "*" || is(shown)))
}

/// The `Idempotency-Key`, if there is one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Failure> {
    match headers.get("idempotency-key").map(|key| key.to_str()) {
        None => Ok(None),
        Some(Ok(key)) => Ok(Some(key.to_owned())),
        Some(Err(_)) => {
            let what = "`Idempotency-Key` must be 1 to 255 printable ASCII characters.";
            Err(Problem::new(Code::Malformed).because(what).into())
        }
    }
}

/// A body of text.
pub(crate) struct Text(pub(crate) String);

impl<S: Send + Sync> FromRequest<S> for Text {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let bytes = Bytes::from_request(request, state).await.map_err(|e| unreadable(&e))?;
        let text = String::from_utf8(bytes.into());
        Ok(Self(text.map_err(|_| Problem::new(Code::Malformed).because("The body is not text."))?))
    }
}

/// The token of `Authorization: Bearer`, if there is one.
pub(crate) struct Bearer(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for Bearer {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = value.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().to_owned())
        });
        Ok(Self(token))
    }
}

#[cfg(test)]
mod tests {
    use licentia_protocol::heartbeat::Request;

    use super::*;

    fn fault(body: &str) -> String {
        read::<Request>(body.as_bytes()).err().map(|fault| fault.what).unwrap_or_default()
    }

    #[test]
    fn the_error_names_the_field_and_never_quotes_its_value() {
        assert_eq!(fault(r#"{"token_version":1,"generation":1}"#), "The field `nonce` is missing.");
        let wrong = fault(r#"{"nonce":"n","generation":1,"token_version":"eyJ-a-key"}"#);
        assert!(wrong.contains("`token_version`") && !wrong.contains("eyJ"), "{wrong}");
        assert!(fault(r#"{"usage":{"tokens":"eyJ-a-key"}}"#).contains("`usage.tokens`"));
        let large =
            r#"{"token_version":1,"nonce":"n","generation":1,"usage":{"t":18446744073709551615}}"#;
        let large = read::<Request>(large.as_bytes()).ok().unwrap();
        assert_eq!(large.usage["t"], i64::MAX);
        assert!(fault("[]").contains("not a JSON object"));
        assert!(fault("7").contains("not a JSON object"));
        assert!(fault("{\"a\":1,\"a\":2}").contains("duplicate"));
        assert!(fault(&"[".repeat(1000)).contains("16 deep"));
    }
}
