//! All paths in one place.

use std::any::Any;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRef, MatchedPath, Request, State};
use axum::http::header::CONNECTION;
use axum::http::{HeaderValue, Method, Version};
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
use crate::api::public::metrics::Readers;
use crate::api::{admin, distribution, payments, product, public};
use crate::artifacts::Artifacts;
use crate::console::{self, Board};
use crate::jobs::events::Feed;
use crate::jobs::uses::Uses;
use crate::limits::Limits;
use crate::lists::Publisher;
use crate::metrics::{Metrics, Running, Told};
use crate::oidc::Provider;
use crate::openapi;
use crate::payments::Tills;
use crate::portal::{self, Brand};
use crate::problem::Failure;
use crate::serve::Draining;

const BODY_BYTES: usize = 64 * 1024;
const HEARTBEAT_BYTES: usize = 1024 * 1024;
const EVENT_BYTES: usize = 1024 * 1024;
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// What handlers take, in one piece: it is cloned for every layer of every request.
#[derive(Clone)]
pub(crate) struct Shared(Arc<Services>);

/// What a server has.
pub(crate) struct Services {
    pub(crate) authority: Authority,
    pub(crate) feed: Feed,
    pub(crate) limits: Arc<Limits>,
    pub(crate) proxies: Arc<Proxies>,
    /// Serve plain HTTP to others than this machine and the proxies.
    pub(crate) insecure: bool,
    pub(crate) draining: Draining,
    pub(crate) uses: Uses,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) readers: Readers,
    pub(crate) board: Arc<Board>,
    pub(crate) facts: Facts,
    pub(crate) brand: Arc<Brand>,
    pub(crate) publisher: Publisher,
    pub(crate) artifacts: Artifacts,
    /// Who vouches for operators.
    pub(crate) vouching: Vouching,
    /// Providers of payments.
    pub(crate) tills: Arc<Tills>,
}

/// The OpenID provider that vouches for operators, where there is one.
#[derive(Clone, Default)]
pub(crate) struct Vouching(pub(crate) Option<Arc<Provider>>);

impl Vouching {
    pub(crate) fn provider(&self) -> Result<&Provider, Failure> {
        self.0.as_deref().ok_or_else(|| Code::NotFound.into())
    }

    /// What people call it.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.as_ref().map(|provider| provider.name.as_str())
    }
}

impl FromRef<Shared> for Vouching {
    fn from_ref(shared: &Shared) -> Self {
        shared.0.vouching.clone()
    }
}

/// How the server is set up, for its operators to read; no secrets.
#[derive(Clone, Default)]
pub(crate) struct Facts(pub(crate) Arc<Vec<(&'static str, String)>>);

impl FromRef<Shared> for Arc<Board> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.0.board)
    }
}

impl FromRef<Shared> for Arc<Brand> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.0.brand)
    }
}

impl FromRef<Shared> for Facts {
    fn from_ref(shared: &Shared) -> Self {
        shared.0.facts.clone()
    }
}

impl FromRef<Shared> for Publisher {
    fn from_ref(shared: &Shared) -> Self {
        shared.0.publisher.clone()
    }
}

impl FromRef<Shared> for Arc<Metrics> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.0.metrics)
    }
}

impl FromRef<Shared> for Arc<Tills> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.0.tills)
    }
}

impl FromRef<Shared> for Readers {
    fn from_ref(shared: &Shared) -> Self {
        shared.0.readers.clone()
    }
}

impl FromRef<Shared> for Uses {
    fn from_ref(shared: &Shared) -> Self {
        shared.0.uses.clone()
    }
}

impl Shared {
    pub(crate) fn new(services: Services) -> Self {
        Self(Arc::new(services))
    }

    pub(crate) fn artifacts(&self) -> Artifacts {
        self.0.artifacts.clone()
    }
}

impl FromRef<Shared> for Authority {
    fn from_ref(shared: &Shared) -> Self {
        shared.0.authority.clone()
    }
}

impl FromRef<Shared> for Arc<Limits> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.0.limits)
    }
}

impl FromRef<Shared> for Arc<Proxies> {
    fn from_ref(shared: &Shared) -> Self {
        Self::clone(&shared.0.proxies)
    }
}

impl FromRef<Shared> for Draining {
    fn from_ref(shared: &Shared) -> Self {
        shared.0.draining.clone()
    }
}

impl FromRef<Shared> for Feed {
    fn from_ref(shared: &Shared) -> Self {
        shared.0.feed.clone()
    }
}

/// Every endpoint. Its path and its documentation stand at its handler: one line serves both.
pub(crate) fn surface() -> OpenApiRouter<Shared> {
    let timed = OpenApiRouter::default()
        .routes(routes!(product::activate::handler))
        .routes(routes!(product::heartbeat::handler).layer(DefaultBodyLimit::max(HEARTBEAT_BYTES)))
        .routes(routes!(product::deactivate::handler))
        .routes(routes!(product::validate::handler))
        .routes(routes!(product::offline::handler))
        .routes(routes!(payments::deliver::handler).layer(DefaultBodyLimit::max(EVENT_BYTES)))
        .routes(routes!(product::renew::handler))
        .routes(routes!(product::grace::handler))
        .routes(routes!(public::renewal::show::handler))
        .routes(routes!(public::renewal::renew::handler))
        .routes(routes!(public::keyset::handler))
        .routes(routes!(public::jwks::handler))
        .routes(routes!(public::revocations::handler))
        .routes(routes!(public::health::handler))
        .routes(routes!(public::ready::handler))
        .routes(routes!(public::metrics::handler))
        .routes(routes!(public::openapi::handler))
        .routes(routes!(public::docs::handler))
        .merge(distribution::routes())
        .merge(admin::routes())
        .layer(middleware::from_fn(in_time));
    // A stream lasts as long as its listener.
    OpenApiRouter::with_openapi(openapi::frame())
        .merge(timed)
        .merge(admin::artifacts::slow_routes())
        .routes(routes!(product::events::handler))
}

/// The endpoints, and what holds for all of them.
pub(crate) fn router(shared: Shared) -> Router {
    let (endpoints, document) = surface().split_for_parts();
    endpoints
        .merge(console::routes().layer(middleware::from_fn(in_time)))
        .merge(portal::routes(&shared.0.brand).layer(middleware::from_fn(in_time)))
        .fallback(|| async { Failure::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Failure::from(Code::MethodNotAllowed) })
        .layer(Extension(Arc::new(Reference::of(&document))))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(middleware::from_fn_with_state(shared.clone(), at_the_edge))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(shared)
}

/// What holds for every request, known or not.
async fn at_the_edge(
    State(Shared(services)): State<Shared>,
    request: Request,
    next: Next,
) -> Response {
    let reusable = request.version() == Version::HTTP_11;
    let line = Line::of(&services, &request);
    let mut response = if may_be_in_clear(&services, &request) {
        next.run(request).await
    } else {
        Failure::from(Code::PlainHttp).into_response()
    };
    // While the server drains, every answer on a connection that would be kept is its last, so that the next request
    // goes to another replica and none to a connection that is about to be closed.
    if reusable && services.draining.is_on() {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    line.end(&services, &response);
    response
}

/// Keys cross no network in clear: strangers are told to use TLS. Whoever asks for a sign of life may be anybody.
fn may_be_in_clear(services: &Services, request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    services.insecure
        || peer
            .is_none_or(|peer| peer.to_canonical().is_loopback() || services.proxies.believes(peer))
        || matches!(request.uri().path(), "/health" | "/ready")
}

/// Answers 503 where the answer takes too long; what was asked may still be done.
async fn in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(REQUEST_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::from(Code::Unavailable).into_response(),
    }
}

/// A request that is counted, and told in one line (`docs/operating.md`). The path is the one in the reference: what a
/// client wrote into another could be a key.
struct Line {
    begun: Instant,
    method: Method,
    path: Option<MatchedPath>,
    address: Option<IpAddr>,
    _running: Running,
}

impl Line {
    fn of(services: &Services, request: &Request) -> Self {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        Self {
            begun: Instant::now(),
            method: request.method().clone(),
            path: request.extensions().get::<MatchedPath>().cloned(),
            address: peer.map(|peer| services.proxies.caller(peer, request.headers())),
            _running: services.metrics.begin(),
        }
    }

    fn end(self, services: &Services, response: &Response) {
        let (status, took) = (response.status().as_u16(), self.begun.elapsed());
        let code = response.extensions().get::<Told>().map(|told| told.0);
        let route = self.path.as_ref().map_or("other", MatchedPath::as_str);
        // A method that is none of HTTP's own is a client's own word.
        let method = match self.method.as_str() {
            method if method.len() <= 7 => method,
            _ => "OTHER",
        };
        services.metrics.answered(method, route, status, code, took);
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        let address = self.address.map(tracing::field::display);
        let about = about(code);
        // What products are granted comes by the thousand.
        if status < 400 && !route.starts_with("/v1/admin/") {
            tracing::debug!(target: "licentia::request", method, route, status, code, micros, address, "{about} request");
        } else {
            tracing::info!(target: "licentia::request", method, route, status, code, micros, address, "{about} request");
        }
    }
}

/// What an answer is about, as logs of this kind have always said it (decision 40).
fn about(code: Option<&str>) -> &'static str {
    match code {
        Some("chain_broken" | "cluster_in_use" | "stale_generation") => "[AntiTamper]",
        Some(
            "rate_limited" | "unauthenticated" | "forbidden" | "csrf_mismatch" | "wrong_login"
            | "code_needed" | "plain_http",
        ) => "[Policy]",
        _ => "[License]",
    }
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request handler panicked");
    Failure::from(Code::Internal).into_response()
}
