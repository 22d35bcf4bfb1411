//! What holds for every page: nothing comes from elsewhere, nothing is framed, nothing is told to others, and a request
//! that changes something comes from a page of ours.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::console::trouble::Trouble;
use licentia_protocol::Code;

/// Styles and scripts are files of ours; there is no inline one, so that what somebody wrote into a field cannot run.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
    connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types licentia";

/// A layer around every page.
pub(crate) async fn guarded(request: Request, next: Next) -> Response {
    let safe = matches!(*request.method(), Method::GET | Method::HEAD);
    let mut response = if safe || is_of_our_page(request.headers()) {
        next.run(request).await
    } else {
        Trouble::of(request.headers(), Code::CsrfMismatch.into()).into_response()
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// Whether a browser says so: by `Sec-Fetch-Site`, which pages cannot set, or where it sends none by `Origin`. A
/// request with neither is no browser's, so nobody's cookie is misused by it; the token of the session is asked for in
/// any case.
pub(crate) fn is_of_our_page(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let Some(origin) = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else {
        return true;
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, authority)| authority == host)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), HeaderValue::from_static(value))
        });
        pairs.collect()
    }

    #[test]
    fn only_a_page_of_ours_may_send_a_change() {
        for fine in [
            with(&[("sec-fetch-site", "same-origin"), ("origin", "https://a"), ("host", "b")]),
            with(&[("origin", "https://l.example:8443"), ("host", "l.example:8443")]),
            with(&[("host", "l.example")]),
        ] {
            assert!(is_of_our_page(&fine), "{fine:?}");
        }
        for wrong in [
            with(&[("sec-fetch-site", "cross-site")]),
            with(&[("sec-fetch-site", "same-site")]),
            with(&[("sec-fetch-site", "none")]),
            with(&[("origin", "https://evil.example"), ("host", "l.example")]),
            with(&[("origin", "null"), ("host", "null")]),
        ] {
            assert!(!is_of_our_page(&wrong), "{wrong:?}");
        }
    }
}
