//! Pull tokens of a licence: what `docker login` sends, made and revoked.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use licentia_authority::Authority;
use licentia_authority::pull_tokens::create::NewPullToken;
use serde_json::json;
use uuid::Uuid;

use crate::api::admin::query::Path;
use crate::console::form::Form;
use crate::console::trouble::{OrTrouble, Shown};

/// Shows the token this once.
pub(crate) async fn create(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    form: Form,
) -> Shown {
    let new = NewPullToken { license_id: id, name: form.fields.text("name"), expires_at: None };
    let made = authority.create_pull_token(new, form.ask()).await;
    let (visitor, token) = made.or_trouble(form.visitor)?;
    let shown =
        json!({ "section": "licenses", "token": token, "back": format!("/console/licenses/{id}") });
    Ok(visitor.page("pull_token_made.html", shown))
}

pub(crate) async fn revoke(
    State(authority): State<Authority>,
    Path((id, token)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Shown {
    let ask = form.ask();
    authority.revoke_pull_token(token, ask).await.or_trouble(form.visitor)?;
    Ok(Redirect::to(&format!("/console/licenses/{id}?done=pull_token_revoked")).into_response())
}
