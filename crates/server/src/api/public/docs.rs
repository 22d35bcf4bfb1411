//! `GET /docs`: the reference of the API, for people. One page, made at start-up from the same document as
//! `/openapi.json`; it runs no script and loads nothing.

mod page;

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::http::header;
use axum::response::IntoResponse;
use base64ct::{Base64, Encoding};
use sha2::{Digest, Sha256};
use utoipa::openapi::OpenApi;

use crate::openapi;

/// The reference, ready to be sent.
pub(crate) struct Reference {
    pub(crate) json: Bytes,
    page: Bytes,
    policy: String,
}

impl Reference {
    /// Of this document.
    pub(crate) fn of(document: &OpenApi) -> Self {
        let style = Base64::encode_string(&Sha256::digest(page::STYLE));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        );
        Self { json: openapi::text(document).into(), page: page::of(document).into(), policy }
    }
}

/// Paths, fields and error codes on one page.
#[utoipa::path(
    get,
    path = "/docs",
    operation_id = "docs",
    tag = "public",
    responses((status = 200, description = "The page.", content_type = "text/html", body = String))
)]
pub(crate) async fn handler(Extension(reference): Extension<Arc<Reference>>) -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (header::CONTENT_SECURITY_POLICY, reference.policy.clone()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
        (header::CACHE_CONTROL, "public, max-age=300".to_owned()),
    ];
    (headers, reference.page.clone())
}
