//! `GET /keyset.json`: the keyset of the day, signed by a root.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use licentia_authority::Authority;
use licentia_protocol::keyset::Answer;

/// The compact `keyset+jwt`; whoever reads it checks it against a root.
#[utoipa::path(
    get,
    path = "/keyset.json",
    operation_id = "keyset",
    tag = "public",
    responses((status = 200, description = "The keyset.", body = Answer))
)]
pub(crate) async fn handler(State(authority): State<Authority>) -> impl IntoResponse {
    let keyset = authority.trust().keyset_token().unwrap_or_default().to_owned();
    ([(header::CACHE_CONTROL, "public, max-age=300")], axum::Json(Answer { keyset }))
}
