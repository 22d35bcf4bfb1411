//! All paths in one place.

use std::any::Any;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRef, MatchedPath, Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Version};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Router};
use licentia_authority::Authority;
use licentia_protocol::Code;
use tokio::time::Instant;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::address::Proxies;
use crate::api::public::docs::Reference;
use crate::api::{admin, product, public};
use crate::jobs::events::Feed;
use crate::jobs::uses::Uses;
use crate::limits::Limits;
use crate::openapi;
use crate::problem::Failure;
use crate::serve::Draining;

const BODY_BYTES: usize = 64 * 1024;
const HEARTBEAT_BYTES: usize = 1024 * 1024;
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// What handlers take.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) authority: Authority,
    pub(crate) feed: Feed,
    pub(crate) limits: Arc<Limits>,
    pub(crate) proxies: Arc<Proxies>,
    /// Serve plain HTTP to others than this machine and the proxies.
    pub(crate) insecure: bool,
    pub(crate) draining: Draining,
    pub(crate) uses: Uses,
}

impl FromRef<Shared> for Uses {
    fn from_ref(shared: &Shared) -> Self {
        shared.uses.clone()
    }
}

impl FromRef<Shared> for Draining {
    fn from_ref(shared: &Shared) -> Self {
        shared.draining.clone()
    }
}

impl FromRef<Shared> for Authority {
    fn from_ref(shared: &Shared) -> Self {
        shared.authority.clone()
    }
}

impl FromRef<Shared> for Arc<Limits> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.limits)
    }
}

impl FromRef<Shared> for Arc<Proxies> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.proxies)
    }
}

impl FromRef<Shared> for Feed {
    fn from_ref(shared: &Shared) -> Self {
        shared.feed.clone()
    }
}

/// Every endpoint. Its path and its documentation stand at its handler: one line serves both.
pub(crate) fn surface() -> OpenApiRouter<Shared> {
    let timed = OpenApiRouter::default()
        .routes(routes!(product::activate::handler))
        .routes(routes!(product::heartbeat::handler).layer(DefaultBodyLimit::max(HEARTBEAT_BYTES)))
        .routes(routes!(product::deactivate::handler))
        .routes(routes!(product::validate::handler))
        .routes(routes!(public::keyset::handler))
        .routes(routes!(public::jwks::handler))
        .routes(routes!(public::health::handler))
        .routes(routes!(public::ready::handler))
        .routes(routes!(public::openapi::handler))
        .routes(routes!(public::docs::handler))
        .merge(admin::routes())
        .layer(middleware::from_fn(in_time));
    // A stream lasts as long as its listener.
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(timed)
        .routes(routes!(product::events::handler))
        .layer(middleware::from_fn(told))
}

/// The endpoints, and what holds for all of them.
pub(crate) fn router(shared: Shared) -> Router {
    let (endpoints, document) = surface().split_for_parts();
    endpoints
        .fallback(|| async { Failure::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Failure::from(Code::MethodNotAllowed) })
        .layer(Extension(Arc::new(Reference::of(&document))))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn_with_state(shared.clone(), not_in_clear))
        .layer(middleware::from_fn_with_state(shared.draining.clone(), last_answer))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(shared)
}

/// Keys cross no network in clear: strangers are told to use TLS. Whoever asks for a sign of life may be anybody.
async fn not_in_clear(State(shared): State<Shared>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let fine = shared.insecure
        || peer
            .is_none_or(|peer| peer.to_canonical().is_loopback() || shared.proxies.believes(peer))
        || matches!(request.uri().path(), "/health" | "/ready");
    if fine { next.run(request).await } else { Failure::from(Code::PlainHttp).into_response() }
}

/// While the server drains, every answer on a connection that would be kept is its last, so that the next request
/// goes to another replica and none to a connection that is about to be closed.
async fn last_answer(State(draining): State<Draining>, request: Request, next: Next) -> Response {
    let reusable = request.version() == Version::HTTP_11;
    let mut response = next.run(request).await;
    if reusable && draining.is_on() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// One line a request, for whoever looks for something. The path is the one in the reference: what a client
/// wrote into another could be a key.
async fn told(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let response = next.run(request).await;
    let (status, micros) = (response.status().as_u16(), begun.elapsed().as_micros());
    tracing::debug!(%method, path, status, micros = u64::try_from(micros).ok(), "a request was answered");
    response
}

/// Answers 503 where the answer takes too long; what was asked may still be done.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::from(Code::Unavailable).into_response(),
    }
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request handler panicked");
    Failure::from(Code::Internal).into_response()
}
