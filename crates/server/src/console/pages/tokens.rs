//! `/console/tokens`: API tokens, one's own, and for an owner everybody's.

use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use licentia_authority::tokens::create::NewToken;
use licentia_authority::{Authority, AuthorityError};
use licentia_model::Scope;
use licentia_model::scope::Resource as R;
use licentia_protocol::resource::ApiToken;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{change, see};
use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;
use crate::problem::Failure;
use crate::router::Shared;

const ROWS: u32 = 50;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/console/tokens", see(R::Tokens, get(list)).merge(change(R::Tokens, post(create))))
        .route("/console/tokens/{id}/revoke", change(R::Tokens, post(revoke)))
}

async fn list(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    listed(&authority, &fields, visitor, json!({ "done": done.word() })).await
}

async fn listed(authority: &Authority, fields: &Fields, visitor: Visitor, more: Value) -> Shown {
    let after = fields.some("after").and_then(|after| after.parse::<Uuid>().ok());
    let tokens = authority.list_tokens(None, &visitor.principal, after, ROWS + 1).await;
    let (visitor, mut tokens) = tokens.or_trouble(visitor)?;
    let more_of_them = tokens.len() > ROWS as usize;
    tokens.truncate(ROWS as usize);
    let next = tokens.last().filter(|_| more_of_them).map(|token| token.id.to_string());
    let scopes: Vec<String> =
        Scope::all().filter(|scope| visitor.principal.may(*scope)).map(|s| s.to_string()).collect();
    let all = json!({
        "section": "tokens",
        "fields": fields.of(&["after"]),
        "tokens": tokens,
        "next": next,
        "scopes": scopes,
        "entered": {},
    });
    Ok(visitor.page_with("tokens.html", all, more))
}

async fn create(State(authority): State<Authority>, form: Form) -> Shown {
    match made(&authority, &form).await {
        Ok(token) => {
            let shown = json!({ "section": "tokens", "token": token });
            Ok(form.visitor.page("token_made.html", shown))
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "entered": form.fields.every() });
            let page = listed(&authority, &Fields::default(), form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

async fn made(authority: &Authority, form: &Form) -> Result<ApiToken, AuthorityError> {
    let new = NewToken {
        name: form.fields.text("name"),
        operator: None,
        scopes: form.fields.all("scope"),
        expires_at: form.fields.time("expires", true)?.map(|at| at.as_second()),
    };
    authority.create_token(new, &form.visitor.principal, form.ask()).await
}

async fn revoke(State(authority): State<Authority>, Path(id): Path<Uuid>, form: Form) -> Shown {
    let ask = form.ask();
    let revoked = authority.revoke_token(id, &form.visitor.principal, ask).await;
    revoked.or_trouble(form.visitor)?;
    Ok(Redirect::to("/console/tokens?done=token_revoked").into_response())
}
