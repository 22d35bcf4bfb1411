//! `POST /v1/admin/artifacts/{id}/complete`.

use axum::extract::State;
use licentia_authority::{Authority, AuthorityError};
use licentia_model::Artifact as Row;
use licentia_protocol::distribution::Artifact;
use uuid::Uuid;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Path;
use crate::api::admin::version::Versioned;
use crate::artifacts::{Artifacts, Assembled, Store};
use crate::openapi::IDEMPOTENCY_KEY;
use crate::problem::Failure;

admin_problems!(Invalid, NoSuchResource, WrongState, InProgress, IdempotencyKeyReused);

/// Puts the parts of a file together. What does not have the announced hash is refused, and its parts are forgotten. A
/// second time changes nothing; a file that another release brought already needs no parts.
#[utoipa::path(
    post,
    path = "/v1/admin/artifacts/{id}/complete",
    operation_id = "complete_artifact",
    tag = "releases",
    params(
        ("id" = Uuid, Path, description = "The file."),
        ("Idempotency-Key" = Option<String>, Header, description = IDEMPOTENCY_KEY)
    ),
    responses((status = 200, description = "The file, stored and signed for.", body = Artifact), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Store(artifacts): Store,
    caller: Caller,
    Path(id): Path<Uuid>,
) -> Result<Versioned<Artifact>, Failure> {
    let (artifact, is_draft) = authority.artifact(id).await?;
    if artifact.stored_at.is_none() {
        if !is_draft {
            let state = "of a release that is no draft";
            return Err(
                AuthorityError::NotAllowed { what: "file", action: "completed", state }.into()
            );
        }
        store(&artifacts, &artifact).await?;
    }
    Ok(Versioned(authority.artifact_is_stored(id, caller.ask(&())?).await?))
}

async fn store(artifacts: &Artifacts, artifact: &Row) -> Result<(), Failure> {
    let invalid = |field, problem: String| AuthorityError::Invalid { field, problem };
    match artifacts.assemble(artifact).await? {
        Assembled::Done => {}
        Assembled::Missing(part) => {
            return Err(invalid("parts", format!("part {part} is not here yet")).into());
        }
        Assembled::Differs => {
            artifacts.forget_parts(artifact.id).await?;
            return Err(
                invalid("sha256", "the file has another hash than was announced".into()).into()
            );
        }
    }
    // Found out now, not by the first customer.
    if let Some(path) = &artifact.personalize
        && let Err(unfit) = artifacts.personalized(artifact, path, "").await?
    {
        return Err(invalid("personalize", unfit.to_string()).into());
    }
    artifacts.forget_parts(artifact.id).await?;
    Ok(())
}
