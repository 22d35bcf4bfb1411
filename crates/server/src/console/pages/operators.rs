//! `/console/operators`: who operates the authority.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use licentia_authority::operators::create::NewOperator;
use licentia_authority::operators::password::NewPassword;
use licentia_authority::{Authority, AuthorityError, version};
use licentia_issue::Secret;
use licentia_model::operator::Role;
use licentia_model::scope::Resource as R;
use serde_json::{Value, json};
use uuid::Uuid;

use super::licenses::typed;
use super::{change, see};
use crate::api::admin::query::Path;
use crate::console::form::Form;
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;
use crate::problem::Failure;
use crate::router::Shared;

const ROWS: u32 = 500;
const SESSIONS: u32 = 100;

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route(
            "/console/operators",
            see(R::Operators, get(list)).merge(change(R::Operators, post(create))),
        )
        .route("/console/operators/{id}", see(R::Operators, get(show)))
        .route("/console/operators/{id}/{act}", change(R::Operators, post(act)))
}

async fn list(
    State(authority): State<Authority>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    listed(&authority, visitor, json!({ "done": done.word() })).await
}

async fn listed(authority: &Authority, visitor: Visitor, more: Value) -> Shown {
    let (visitor, operators) = authority.list_operators(None, ROWS).await.or_trouble(visitor)?;
    let all = json!({
        "section": "operators", "operators": operators, "roles": roles(), "entered": {},
    });
    Ok(visitor.page_with("operators.html", all, more))
}

fn roles() -> Vec<&'static str> {
    Role::ALL.iter().map(|role| role.as_str()).collect()
}

async fn create(State(authority): State<Authority>, form: Form) -> Shown {
    let password = form.fields.raw("password").to_owned();
    let new = NewOperator {
        name: form.fields.text("name"),
        role: form.fields.text("role"),
        password: (!password.is_empty()).then(|| Secret::new(password)),
    };
    match authority.create_operator(new, form.ask()).await {
        Ok(_) => Ok(Redirect::to("/console/operators?done=operator_made").into_response()),
        Err(error) => {
            let failure = Failure::from(error);
            let entered = form.fields.of(&["name", "role"]);
            let more = json!({ "error": shown(&failure), "entered": entered });
            let page = listed(&authority, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

async fn show(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    shown_one(&authority, id, visitor, json!({ "done": done.word() })).await
}

async fn shown_one(authority: &Authority, id: Uuid, visitor: Visitor, more: Value) -> Shown {
    let (visitor, operator) = authority.show_operator(id).await.or_trouble(visitor)?;
    let name = Some(operator.name.clone());
    let sessions = authority.list_sessions(name.clone(), &visitor.principal, None, SESSIONS).await;
    let (visitor, sessions) = sessions.or_trouble(visitor)?;
    let tokens = authority.list_tokens(name, &visitor.principal, None, SESSIONS).await;
    let (visitor, tokens) = tokens.or_trouble(visitor)?;
    let all = json!({
        "section": "operators",
        "version": version(&operator),
        "operator": operator,
        "sessions": sessions,
        "tokens": tokens,
        "roles": roles(),
    });
    Ok(visitor.page_with("operator.html", all, more))
}

async fn act(
    State(authority): State<Authority>,
    Path((id, act)): Path<(Uuid, String)>,
    form: Form,
) -> Shown {
    match carry_out(&authority, id, &act, &form).await {
        Ok(()) if act == "remove" => {
            Ok(Redirect::to("/console/operators?done=operator_removed").into_response())
        }
        Ok(()) => {
            let to = format!("/console/operators/{id}?done=operator_{act}");
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure) });
            let page = shown_one(&authority, id, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

async fn carry_out(
    authority: &Authority,
    id: Uuid,
    act: &str,
    form: &Form,
) -> Result<(), AuthorityError> {
    let (principal, ask) = (&form.visitor.principal, form.ask());
    match act {
        "role" => authority.change_role(id, form.fields.raw("role"), ask).await.map(drop),
        "password" => {
            let password = Secret::new(form.fields.raw("password").to_owned());
            let new = NewPassword { password, current: None };
            authority.set_password(id, new, principal, ask).await.map(drop)
        }
        "codes" => authority.drop_codes(id, None, principal, ask).await.map(drop),
        "remove" => {
            typed(&form.fields, &authority.show_operator(id).await?.name)?;
            authority.remove_operator(id, ask).await
        }
        _ => Err(AuthorityError::NotFound { what: "action", name: act.to_owned() }),
    }
}
