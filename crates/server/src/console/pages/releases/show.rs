//! `GET /console/releases/{id}`: its files, and who gets it; `GET /console/artifacts/{id}`: one of the files.

use axum::extract::{Query, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use licentia_authority::{Authority, AuthorityError};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::admin::query::Path;
use crate::console::form::Fields;
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;
use crate::problem::Failure;

pub(crate) async fn handler(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    RawQuery(query): RawQuery,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let judged = match fields.some("license") {
        None => Ok(Value::Null),
        Some(text) => judged(&authority, id, &text).await,
    };
    match judged {
        Ok(judged) => {
            let more = json!({ "done": done.word(), "judged": judged });
            page(&authority, id, &fields, visitor, more).await
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure) });
            Ok(as_told(page(&authority, id, &fields, visitor, more).await?, failure))
        }
    }
}

async fn judged(authority: &Authority, id: Uuid, license: &str) -> Result<Value, AuthorityError> {
    let license = license.parse().map_err(|_| AuthorityError::Invalid {
        field: "license",
        problem: "it must be the id of a licence".into(),
    })?;
    Ok(json!(authority.license_covers(license, id).await?))
}

pub(super) async fn page(
    authority: &Authority,
    id: Uuid,
    fields: &Fields,
    visitor: Visitor,
    more: Value,
) -> Shown {
    let (visitor, release) = authority.show_release(id).await.or_trouble(visitor)?;
    let (visitor, plans) = authority.release_entitlement(id).await.or_trouble(visitor)?;
    let whole = release.artifacts.iter().all(|artifact| artifact.stored_at.is_some());
    let all = json!({
        "section": "releases",
        "release": release,
        "plans": plans,
        "whole": whole,
        "judged": null,
        "fields": fields.of(&["license"]),
    });
    Ok(visitor.page_with("release.html", all, more))
}

/// To a fresh link: those on a page that stays open would end.
pub(crate) async fn file(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    visitor: Visitor,
) -> Shown {
    let (_, link) = authority.operators_link(id).await.or_trouble(visitor)?;
    Ok(Redirect::to(&link.href).into_response())
}
