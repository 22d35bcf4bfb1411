//! `POST /console/log-out`.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Redirect};
use licentia_authority::{Authority, Credential};

use crate::api::admin::caller::COOKIE;
use crate::console::form::Form;
use crate::console::trouble::{OrTrouble, Shown};

pub(crate) async fn handler(State(authority): State<Authority>, form: Form) -> Shown {
    let visitor = form.visitor;
    if let Credential::Session(id) = visitor.principal.credential {
        let ended = authority.end_session(id, &visitor.principal, visitor.actor()).await;
        ended.or_trouble(visitor)?;
    }
    let mut response = Redirect::to("/console/log-in?out=1").into_response();
    if let Ok(none) = HeaderValue::try_from(format!(
        "{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"
    )) {
        response.headers_mut().insert(header::SET_COOKIE, none);
    }
    Ok(response)
}
