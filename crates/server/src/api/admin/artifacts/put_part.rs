//! `PUT /v1/admin/artifacts/{id}/parts/{part}`.

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::{Code, Problem};
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::artifacts::{Store, part_range};
use crate::problem::Failure;

admin_problems!(TooLarge, Invalid, NoSuchResource, WrongState);

/// A part of a file, whole. Every part but the last has `part_size` bytes; parts may come in any order, and again.
#[utoipa::path(
    put,
    path = "/v1/admin/artifacts/{id}/parts/{part}",
    operation_id = "put_part",
    tag = "releases",
    params(
        ("id" = Uuid, Path, description = "The file."),
        ("part" = u32, Path, description = "Which part, from 0.")
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 204, description = "It is here."), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Store(artifacts): Store,
    _: Caller,
    Path((id, part)): Path<(Uuid, u32)>,
    body: Result<Bytes, BytesRejection>,
) -> Result<StatusCode, Failure> {
    let bytes = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::from(Code::TooLarge),
        _ => Problem::new(Code::Malformed).because("The body did not arrive whole.").into(),
    })?;
    let (artifact, is_draft) = authority.artifact(id).await?;
    if artifact.stored_at.is_some() || !is_draft {
        let state = if is_draft { "stored already" } else { "of a release that is no draft" };
        return Err(AuthorityError::NotAllowed { what: "file", action: "uploaded", state }.into());
    }
    let Some(range) = part_range(&artifact, part) else { return Err(Code::NoSuchResource.into()) };
    let wanted = range.end - range.start;
    if bytes.len() as u64 != wanted {
        let problem = format!("this part has {wanted} bytes");
        return Err(AuthorityError::Invalid { field: "body", problem }.into());
    }
    artifacts.put_part(&artifact, part, bytes).await?;
    Ok(StatusCode::NO_CONTENT)
}
