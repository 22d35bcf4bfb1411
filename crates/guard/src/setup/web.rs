//! The page over HTTP.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, ORIGIN,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::page::{self, Page};
use super::{SetUp, SetUpError, form};
use crate::guard::Guard;

/// A licence file may have a mebibyte on its way in, and each byte of it three characters.
const MAX_BODY: usize = 4 * 1024 * 1024;
const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

struct Desk {
    guard: Guard,
    set_up: SetUp,
}

/// The set-up page of a guard: `GET /` shows it, `POST /` sets up.
pub fn router<S: Clone + Send + Sync + 'static>(guard: &Guard, set_up: SetUp) -> Router<S> {
    let desk = Arc::new(Desk { guard: guard.clone(), set_up });
    Router::new()
        .route("/", get(show).post(enter))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(desk)
}

async fn show(State(desk): State<Arc<Desk>>) -> Response {
    let page = if desk.guard.is_licensed() { Page::licensed(&desk.guard) } else { Page::empty() };
    answer(StatusCode::OK, &desk, &page)
}

async fn enter(State(desk): State<Arc<Desk>>, headers: HeaderMap, body: Bytes) -> Response {
    if is_from_elsewhere(&headers) {
        return answer(StatusCode::FORBIDDEN, &desk, &Page::elsewhere());
    }
    let entry = form::read(&body);
    let result = desk.set_up.enter(&desk.guard, &entry).await;
    let (status, page) = match result {
        Ok(done) => (StatusCode::OK, Page::done(&desk.guard, done.unsaved.as_ref())),
        Err(SetUpError::Licensed) => (StatusCode::CONFLICT, Page::licensed(&desk.guard)),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, Page::again(&entry, &error)),
    };
    answer(status, &desk, &page)
}

/// Another site's page must not set this product up behind its user's back.
fn is_from_elsewhere(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let other_site = text(SITE).is_some_and(|site| !matches!(site, "same-origin" | "none"));
    let other_origin = text(ORIGIN).is_some_and(|origin| {
        let host = origin.split_once("://").map(|(_, host)| host);
        host != text(HOST)
    });
    other_site || other_origin
}

fn answer(status: StatusCode, desk: &Desk, page: &Page) -> Response {
    let terms = desk.set_up.terms.as_deref();
    let html = page.html(&desk.set_up.name, terms);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, page::POLICY),
        // With `no-referrer` a browser sends its own form from the origin `null`.
        (REFERRER_POLICY, "same-origin"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    (status, headers, html).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_sites_page_cannot_set_up() {
        let headers = |pairs: &[(HeaderName, &str)]| {
            pairs.iter().map(|(name, value)| (name.clone(), value.parse().unwrap())).collect()
        };
        let own = (HOST, "127.0.0.1:8080");
        for good in [
            headers(std::slice::from_ref(&own)),
            headers(&[own.clone(), (ORIGIN, "http://127.0.0.1:8080"), (SITE, "same-origin")]),
        ] {
            assert!(!is_from_elsewhere(&good), "{good:?}");
        }
        for bad in [
            headers(&[own.clone(), (ORIGIN, "http://evil.example")]),
            headers(&[own.clone(), (ORIGIN, "null")]),
            headers(&[own.clone(), (ORIGIN, "http://127.0.0.1:9")]),
            headers(&[own, (SITE, "cross-site")]),
        ] {
            assert!(is_from_elsewhere(&bad), "{bad:?}");
        }
    }
}
