//! Into the portal by a link that is mailed.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use licentia_authority::Authority;
use licentia_protocol::Code;
use serde::Deserialize;
use serde_json::json;
use tokio::time::Instant;
use uuid::Uuid;

use super::pages::{entered_with, not_in, trouble};
use super::visitor::around;
use crate::console::{Fields, language, page};
use crate::gate::Gate;
use crate::limits::Limits;
use crate::portal::Brand;
use crate::problem::Failure;

/// What a mailed link ends with.
#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    t: String,
}

/// Mails a link. The answer is the same whether somebody holds a licence under the address or nobody does.
pub(super) async fn send(
    State(authority): State<Authority>,
    State(brand): State<Arc<Brand>>,
    State(limits): State<Arc<Limits>>,
    gate: Gate,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if !brand.links {
        return not_in(&brand, &headers, Code::NotFound.into());
    }
    let email = Fields::read(&body).text("email");
    let asked = async {
        gate.enter(None)?;
        limits.try_log_in(gate.address(), &email.to_lowercase(), Instant::now())?;
        authority.mail_log_in(&email).await.map_err(Failure::from)
    };
    match asked.await {
        Ok(()) => Redirect::to("/portal?done=link_sent").into_response(),
        Err(failure) => not_in(&brand, &headers, failure),
    }
}

/// What a link opens: the licences to choose from. It changes nothing.
pub(super) async fn show(
    State(authority): State<Authority>,
    State(brand): State<Arc<Brand>>,
    gate: Gate,
    headers: HeaderMap,
    Query(link): Query<Link>,
) -> Response {
    let choices = match gate.enter(None) {
        Ok(()) => authority.look_at_portal_link(&link.t).await.map_err(Failure::from),
        Err(failure) => Err(failure),
    };
    match choices {
        Ok(choices) => {
            let mut all = around(&brand, language(&headers));
            all["token"] = link.t.into();
            all["choices"] = json!(choices);
            page("portal_link.html", all)
        }
        Err(failure) => trouble(&brand, &headers, failure),
    }
}

/// Enters a licence; the link is spent then.
pub(super) async fn enter(
    State(authority): State<Authority>,
    State(brand): State<Arc<Brand>>,
    gate: Gate,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = Fields::read(&body);
    let entered = async {
        gate.enter(None)?;
        let license = fields.text("license").parse::<Uuid>();
        let license = license.map_err(|_| Failure::from(Code::LinkSpent))?;
        let token = authority.enter_portal_by_link(fields.raw("t"), license, &gate.origin()).await;
        token.map_err(Failure::from)
    };
    match entered.await {
        Ok(token) => entered_with(&token),
        Err(failure) => trouble(&brand, &headers, failure),
    }
}
