//! An operator who looks at a page.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use licentia_authority::{Actor, Authority, Principal};
use licentia_model::Scope;
use licentia_model::scope::Resource;
use licentia_protocol::{Code, Problem};
use serde_json::{Map, Value, json};

use crate::address::Proxies;
use crate::api::admin::Needed;
use crate::api::admin::caller::{COOKIE, address};
use crate::console::messages::language;
use crate::console::trouble::Trouble;
use crate::console::view;
use crate::extract::cookie;
use crate::jobs::uses::Uses;
use crate::problem::Failure;

/// An operator who may see the page.
pub(crate) struct Visitor {
    pub(crate) principal: Principal,
    pub(crate) language: &'static str,
    pub(crate) address: IpAddr,
    /// What a form of his sends along.
    csrf: String,
    path: String,
    session: String,
}

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    Authority: FromRef<S>,
    Arc<Proxies>: FromRef<S>,
    Uses: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            tracing::error!(path = %parts.uri.path(), "a page that changes something takes no form, so nobody may use it");
            return Err(Trouble::of(&parts.headers, Code::Internal.into()).into_response());
        }
        Self::of(parts, state).await
    }
}

impl Visitor {
    /// Whoever has a session and the scope of the page; others are sent to the log-in, or told why not.
    pub(crate) async fn of<S>(parts: &Parts, state: &S) -> Result<Self, Response>
    where
        Authority: FromRef<S>,
        Arc<Proxies>: FromRef<S>,
        Uses: FromRef<S>,
    {
        let authority = Authority::from_ref(state);
        let trouble = |failure: Failure| Trouble::of(&parts.headers, failure).into_response();
        let Some(Needed(scope)) = parts.extensions.get::<Needed>().copied() else {
            tracing::error!(path = %parts.uri.path(), "a page says no scope, so nobody may see it");
            return Err(trouble(Code::Internal.into()));
        };
        let Some(session) = cookie(&parts.headers, COOKIE) else { return Err(to_log_in(parts)) };
        let principal = authority.authenticate(&session).await.map_err(|e| trouble(e.into()))?;
        let Some(principal) = principal else { return Err(to_log_in(parts)) };
        if principal.unnoted {
            Uses::from_ref(state).note(principal.credential);
        }
        let visitor = Self {
            language: language(&parts.headers),
            address: address(parts, &Arc::<Proxies>::from_ref(state)),
            csrf: authority.csrf_token(&session),
            path: parts.uri.path().to_owned(),
            principal,
            session,
        };
        if !visitor.principal.may(scope) {
            let what = format!("The role `{}` does not allow `{scope}`.", visitor.principal.role);
            let problem = Problem::new(Code::Forbidden).because(&what);
            return Err(Trouble::told(visitor, problem.into()).into_response());
        }
        Ok(visitor)
    }

    /// Whether a form of this session sent this.
    pub(crate) fn sent(&self, authority: &Authority, token: &str) -> bool {
        authority.is_csrf_token(&self.session, token.as_bytes())
    }

    /// For the audit trail.
    pub(crate) fn actor(&self) -> Actor {
        self.principal.actor(&self.address.to_string())
    }

    /// A page with what it is to show.
    pub(crate) fn page(&self, template: &str, shown: Value) -> Response {
        view::page(template, self.around(shown))
    }

    /// The same, and `more` that the moment adds: what was done, what was entered, what was wrong with it.
    pub(crate) fn page_with(&self, template: &str, shown: Value, more: Value) -> Response {
        self.page(template, with(shown, more))
    }

    /// What every template knows, and what this one is to show.
    pub(crate) fn around(&self, shown: Value) -> Value {
        let may: Map<String, Value> = Resource::ALL
            .iter()
            .map(|resource| {
                let may = self.principal.may(Scope::write(*resource));
                (resource.as_str().to_owned(), may.into())
            })
            .collect();
        let all = json!({
            "lang": self.language,
            "csrf": self.csrf,
            "path": self.path,
            "me": {
                "id": self.principal.operator_id,
                "name": self.principal.name,
                "role": self.principal.role.as_str(),
            },
            "may": may,
            "error": null,
            "done": null,
        });
        with(all, shown)
    }
}

/// Two objects as one; what is in both is as in the second.
fn with(mut all: Value, more: Value) -> Value {
    if let (Some(all), Value::Object(more)) = (all.as_object_mut(), more) {
        all.extend(more);
    }
    all
}

fn to_log_in(parts: &Parts) -> Response {
    let wanted = match parts.method {
        Method::GET => parts.uri.path_and_query().map_or("/console", |path| path.as_str()),
        _ => "/console",
    };
    let next: String = view::encoded(wanted);
    Redirect::to(&format!("/console/log-in?next={next}")).into_response()
}
