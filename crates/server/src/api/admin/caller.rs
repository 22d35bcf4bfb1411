//! The operator who asks, allowed to do so.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::Method;
use axum::http::request::Parts;
use licentia_authority::{Actor, Ask, Authority, AuthorityError, Credential, Once, Principal};
use licentia_protocol::{Code, Problem};
use serde::Serialize;
use tokio::time::Instant;

use crate::address::Proxies;
use crate::api::admin::Needed;
use crate::api::admin::version::{IfMatch, if_match};
use crate::extract::{Bearer, cookie, idempotency_key};
use crate::jobs::uses::Uses;
use crate::limits::Limits;
use crate::problem::Failure;

/// The cookie of a session. Its prefix makes browsers keep it to this host, this path, and TLS.
pub(crate) const COOKIE: &str = "__Host-licentia_session";
/// The header that shows that a request with that cookie comes from a page of ours.
pub(crate) const CSRF_HEADER: &str = "x-csrf-token";

/// An operator who may do what the endpoint does.
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    address: IpAddr,
    route: String,
    idempotency_key: Option<String>,
    if_match: Option<IfMatch>,
    /// Who it is on this machine, where nobody asks over a network.
    here: Option<Actor>,
}

/// Says who asks within this process. Nothing that comes over a network can set it.
#[derive(Clone)]
pub(crate) struct InProcess(pub(crate) Actor);

impl<S> FromRequestParts<S> for Caller
where
    S: Send + Sync,
    Authority: FromRef<S>,
    Arc<Proxies>: FromRef<S>,
    Uses: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        let authority = Authority::from_ref(state);
        let Some(Needed(scope)) = parts.extensions.get::<Needed>().copied() else {
            tracing::error!(path = %parts.uri.path(), "a route for operators says no scope, so nobody may use it");
            return Err(Code::Internal.into());
        };
        if let Some(InProcess(actor)) = parts.extensions.get::<InProcess>().cloned() {
            return Ok(Self {
                principal: Principal::local(),
                address: Ipv4Addr::LOCALHOST.into(),
                route: format!("{} {}", parts.method, parts.uri.path()),
                idempotency_key: idempotency_key(&parts.headers)?,
                if_match: if_match(&parts.headers)?,
                here: Some(actor),
            });
        }
        let Bearer(bearer) = Bearer::from_request_parts(parts, state).await?;
        let cookie = if bearer.is_none() { cookie(&parts.headers, COOKIE) } else { None };
        let Some(token) = bearer.as_ref().or(cookie.as_ref()) else {
            return Err(Code::Unauthenticated.into());
        };
        let principal = authority.authenticate(token).await?;
        let Some(principal) = principal else { return Err(Code::Unauthenticated.into()) };
        if cookie.is_some() && !matches!(parts.method, Method::GET | Method::HEAD) {
            let shown = parts.headers.get(CSRF_HEADER).map(|value| value.as_bytes());
            if !authority.is_csrf_token(token, shown.unwrap_or_default()) {
                return Err(Code::CsrfMismatch.into());
            }
        }
        if !principal.may(scope) {
            let what = if principal.role.may(scope) {
                format!("The scope `{scope}` is needed.")
            } else {
                format!(
                    "The scope `{scope}` is needed, which the role `{}` does not allow.",
                    principal.role
                )
            };
            return Err(Problem::new(Code::Forbidden).because(&what).into());
        }
        if principal.unnoted {
            Uses::from_ref(state).note(principal.credential);
        }
        Ok(Self {
            principal,
            address: address(parts, &Arc::<Proxies>::from_ref(state)),
            route: format!("{} {}", parts.method, parts.uri.path()),
            idempotency_key: idempotency_key(&parts.headers)?,
            if_match: if_match(&parts.headers)?,
            here: None,
        })
    }
}

impl Caller {
    /// Who it is, for the audit trail.
    pub(crate) fn actor(&self) -> Actor {
        let here = self.here.clone();
        here.unwrap_or_else(|| self.principal.actor(&self.address.to_string()))
    }

    /// Lets it try a password of its own once more, as a log-in does.
    pub(crate) async fn with_password<T>(
        &self,
        limits: &Limits,
        tried: impl Future<Output = Result<T, AuthorityError>>,
    ) -> Result<T, Failure> {
        limits.try_log_in(self.address, &self.principal.name, Instant::now())?;
        let done = tried.await?;
        limits.logged_in(self.address, &self.principal.name);
        Ok(done)
    }

    /// A change that it asks for: of whatever the thing is now, unless `If-Match` says otherwise.
    pub(crate) fn ask(&self, request: &impl Serialize) -> Result<Ask, Failure> {
        let once = match &self.idempotency_key {
            None => None,
            Some(key) => Some(Once {
                key: key.clone(),
                route: self.route.clone(),
                credential: match self.principal.credential {
                    Credential::Token(id) | Credential::Session(id) => id.to_string(),
                    Credential::Local => String::new(),
                },
                request: serde_json::to_string(request)
                    .map_err(|_| Failure::from(Code::Internal))?,
            }),
        };
        let only_if = match &self.if_match {
            Some(IfMatch::Versions(versions)) => Some(versions.clone()),
            Some(IfMatch::Any) | None => None,
        };
        Ok(Ask { actor: self.actor(), once, only_if })
    }

    /// A change of a version that must be named, so that two who edit the same thing cannot undo each other's work.
    pub(crate) fn ask_of_version(&self, request: &impl Serialize) -> Result<Ask, Failure> {
        match self.if_match {
            Some(_) => self.ask(request),
            None => Err(Code::PreconditionRequired.into()),
        }
    }
}

/// The address of whoever asks.
pub(crate) fn address(parts: &Parts, proxies: &Proxies) -> IpAddr {
    // Without a connection, in a test of the router alone, everybody is one stranger.
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)), |info| info.0);
    proxies.caller(peer, &parts.headers)
}
