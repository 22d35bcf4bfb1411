//! What is done to a release: published, yanked, a file taken out of a draft.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use licentia_authority::{Authority, AuthorityError};
use serde_json::json;
use uuid::Uuid;

use super::show::page;
use crate::api::admin::query::Path;
use crate::artifacts::Store;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::visitor::Visitor;
use crate::problem::Failure;

pub(crate) async fn publish(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    form: Form,
) -> Shown {
    let published = authority.publish_release(id, form.ask()).await;
    done(&authority, id, form.visitor, published.map(drop).map_err(Failure::from), "published")
        .await
}

/// Nobody gets it any more, and it cannot come back: its version has to be typed.
pub(crate) async fn yank(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    form: Form,
) -> Shown {
    let yanked = match confirmed(&authority, id, &form.fields).await {
        Ok(()) => authority.yank_release(id, form.fields.some("reason"), form.ask()).await,
        Err(error) => Err(error),
    };
    done(&authority, id, form.visitor, yanked.map(drop).map_err(Failure::from), "yanked").await
}

async fn confirmed(authority: &Authority, id: Uuid, fields: &Fields) -> Result<(), AuthorityError> {
    crate::console::pages::licenses::typed(fields, &authority.show_release(id).await?.version)
}

pub(crate) async fn remove(
    State(authority): State<Authority>,
    Store(artifacts): Store,
    Path(id): Path<Uuid>,
    form: Form,
) -> Shown {
    let ask = form.ask();
    let found = authority.artifact(id).await;
    let (visitor, (artifact, _)) = found.or_trouble(form.visitor)?;
    let removed = match authority.remove_artifact(id, ask).await {
        Ok(_) => artifacts.forget_parts(artifact.id).await.map_err(Failure::from),
        Err(error) => Err(error.into()),
    };
    done(&authority, artifact.release_id, visitor, removed, "file_removed").await
}

async fn done(
    authority: &Authority,
    id: Uuid,
    visitor: Visitor,
    result: Result<(), Failure>,
    word: &str,
) -> Shown {
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/console/releases/{id}?done={word}")).into_response()),
        Err(failure) => {
            let more = json!({ "error": shown(&failure) });
            let page = page(authority, id, &Fields::default(), visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}
