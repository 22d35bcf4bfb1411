//! `/console/account`: an operator's own password, second factor and sessions.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use licentia_authority::operators::password::NewPassword;
use licentia_authority::{Authority, AuthorityError};
use licentia_issue::Secret;
use licentia_model::scope::Resource;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use super::{change, see};
use crate::api::admin::query::Path;
use crate::console::form::Form;
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;
use crate::limits::Limits;
use crate::problem::Failure;
use crate::router::Shared;

/// Sessions that are shown.
const SESSIONS: u32 = 50;

pub(super) fn routes() -> Router<Shared> {
    // What gets an operator in is his own business, whatever he may do then.
    let own = |method| change(Resource::Sessions, method);
    Router::new()
        .route("/console/account", see(Resource::Sessions, get(show)))
        .route("/console/account/password", own(post(password)))
        .route("/console/account/codes", own(post(begin_codes)))
        .route("/console/account/codes/confirm", own(post(confirm_codes)))
        .route("/console/account/codes/drop", own(post(drop_codes)))
        .route("/console/sessions/{id}/end", own(post(end)))
}

async fn show(
    State(authority): State<Authority>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    account(&authority, visitor, json!({ "done": done.word() })).await
}

async fn account(authority: &Authority, visitor: Visitor, more: Value) -> Shown {
    let id = visitor.principal.operator_id;
    let (visitor, operator) = authority.show_operator(id).await.or_trouble(visitor)?;
    let own = Some(visitor.principal.name.clone());
    let sessions = authority.list_sessions(own, &visitor.principal, None, SESSIONS).await;
    let (visitor, sessions) = sessions.or_trouble(visitor)?;
    let all = json!({ "section": "account", "operator": operator, "sessions": sessions });
    Ok(visitor.page_with("account.html", all, more))
}

async fn password(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    form: Form,
) -> Shown {
    let new = form.fields.raw("password").to_owned();
    let tried = if new == form.fields.raw("again") {
        let new = NewPassword { password: Secret::new(new), current: current(&form) };
        let (principal, ask) = (form.visitor.principal.clone(), form.ask());
        let set = authority.set_password(principal.operator_id, new, &principal, ask);
        with_password(&form.visitor, &limits, set).await.map(drop)
    } else {
        let problem = "is not the same".into();
        Err(AuthorityError::Invalid { field: "again", problem }.into())
    };
    or_again(&authority, form.visitor, tried, "password").await
}

async fn begin_codes(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    form: Form,
) -> Shown {
    let (principal, ask) = (form.visitor.principal.clone(), form.ask());
    let begun = authority.begin_codes(principal.operator_id, current(&form), &principal, ask);
    match with_password(&form.visitor, &limits, begun).await {
        Ok(factor) => Ok(form.visitor.page(
            "second_factor.html",
            json!({ "section": "account", "secret": factor.secret, "uri": factor.uri }),
        )),
        Err(failure) => or_again(&authority, form.visitor, Err(failure), "codes").await,
    }
}

async fn confirm_codes(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    form: Form,
) -> Shown {
    let (principal, ask) = (form.visitor.principal.clone(), form.ask());
    let code = form.fields.text("code");
    let confirmed = authority.confirm_codes(principal.operator_id, &code, &principal, ask);
    match with_password(&form.visitor, &limits, confirmed).await {
        Ok(codes) => Ok(form
            .visitor
            .page("codes.html", json!({ "section": "account", "codes": codes.codes }))),
        Err(failure) => {
            // What his own page has shown him just now.
            let page = json!({
                "section": "account",
                "secret": form.fields.text("secret"),
                "uri": form.fields.text("uri"),
                "error": shown(&failure),
            });
            Ok(as_told(form.visitor.page("second_factor.html", page), failure))
        }
    }
}

async fn drop_codes(
    State(authority): State<Authority>,
    State(limits): State<Arc<Limits>>,
    form: Form,
) -> Shown {
    let (principal, ask) = (form.visitor.principal.clone(), form.ask());
    let dropped = authority.drop_codes(principal.operator_id, current(&form), &principal, ask);
    let dropped = with_password(&form.visitor, &limits, dropped).await.map(drop);
    or_again(&authority, form.visitor, dropped, "codes_dropped").await
}

async fn end(State(authority): State<Authority>, Path(id): Path<Uuid>, form: Form) -> Shown {
    let ask = form.ask();
    let ended = authority.end_session(id, &form.visitor.principal, ask).await;
    ended.or_trouble(form.visitor)?;
    Ok(Redirect::to("/console/account?done=session_ended").into_response())
}

fn current(form: &Form) -> Option<Secret<String>> {
    let current = form.fields.raw("current");
    (!current.is_empty()).then(|| Secret::new(current.to_owned()))
}

/// Whoever tries a password of his own is slowed down as a log-in is.
async fn with_password<T>(
    visitor: &Visitor,
    limits: &Limits,
    tried: impl Future<Output = Result<T, AuthorityError>>,
) -> Result<T, Failure> {
    limits.try_log_in(visitor.address, &visitor.principal.name, Instant::now())?;
    let done = tried.await?;
    limits.logged_in(visitor.address, &visitor.principal.name);
    Ok(done)
}

async fn or_again(
    authority: &Authority,
    visitor: Visitor,
    tried: Result<(), Failure>,
    done: &str,
) -> Shown {
    match tried {
        Ok(()) => Ok(Redirect::to(&format!("/console/account?done={done}")).into_response()),
        Err(failure) => {
            let page = account(authority, visitor, json!({ "error": shown(&failure) })).await?;
            Ok(as_told(page, failure))
        }
    }
}
