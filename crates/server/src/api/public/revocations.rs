//! `GET /revocations.json`: the newest revocation list.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use licentia_authority::Authority;
use licentia_protocol::Code;
use utoipa::ToSchema;

use crate::extract::names_tag;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(NoSuchResource, Unavailable, Internal);

/// A flattened JWS (RFC 7515 section 7.2.2).
#[derive(ToSchema)]
#[schema(as = FlattenedJws)]
#[expect(dead_code, reason = "only its schema is used")]
struct List {
    /// The claims, base64url.
    payload: String,
    /// The protected header, base64url.
    protected: String,
    /// The signature, base64url.
    signature: String,
}

const KEPT: &str = "public, max-age=60";

/// The flattened JWS of a `revocations+jwt`; whoever reads it checks it. Its number is its `ETag`.
#[utoipa::path(
    get,
    path = "/revocations.json",
    operation_id = "revocations",
    tag = "public",
    params(("If-None-Match" = Option<String>, Header, description = "The `ETag` of the list that is known already.")),
    responses(
        (status = 200, description = "The list.", content_type = "application/jose+json", body = List),
        (status = 304, description = "It is the one that is known already."),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let mark = authority.look_at_newest_list().await?;
    let Some((seq, ..)) = mark else { return Err(Code::NoSuchResource.into()) };
    if names_tag(&headers, header::IF_NONE_MATCH, &etag(seq)) == Some(true) {
        let headers = [(header::ETAG, etag(seq)), (header::CACHE_CONTROL, KEPT.to_owned())];
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let Some(list) = authority.published_revocations().await? else {
        return Err(Code::NoSuchResource.into());
    };
    let headers = [
        (header::ETAG, etag(list.seq)),
        (header::CACHE_CONTROL, KEPT.to_owned()),
        (header::CONTENT_TYPE, "application/jose+json".to_owned()),
    ];
    Ok((headers, list.document).into_response())
}

fn etag(seq: u64) -> String {
    format!("\"{seq}\"")
}
