//! All paths in one place.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use licentia_authority::Authority;
use licentia_protocol::Code;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::api::{product, public};
use crate::jobs::events::Feed;
use crate::problem::Failure;

const BODY_BYTES: usize = 64 * 1024;
const HEARTBEAT_BYTES: usize = 1024 * 1024;
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// What handlers take.
#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) authority: Authority,
    pub(crate) feed: Feed,
}

impl FromRef<Shared> for Authority {
    fn from_ref(shared: &Shared) -> Self {
        shared.authority.clone()
    }
}

impl FromRef<Shared> for Feed {
    fn from_ref(shared: &Shared) -> Self {
        shared.feed.clone()
    }
}

/// The whole surface.
pub(crate) fn router(shared: Shared) -> Router {
    let timed = Router::new()
        .route("/health", get(public::health::handler))
        .route("/ready", get(public::ready::handler))
        .route("/keyset.json", get(public::keyset::handler))
        .route("/.well-known/jwks.json", get(public::jwks::handler))
        .route("/v1/license/activate", post(product::activate::handler))
        .route(
            "/v1/license/heartbeat",
            post(product::heartbeat::handler).layer(DefaultBodyLimit::max(HEARTBEAT_BYTES)),
        )
        .route("/v1/license/deactivate", post(product::deactivate::handler))
        .route("/v1/licenses/validate", post(product::validate::handler))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_TIME));
    Router::new()
        .merge(timed)
        .route("/v1/license/events", get(product::events::handler))
        .fallback(|| async { Failure::from(Code::NotFound) })
        .method_not_allowed_fallback(|| async { Failure::from(Code::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(shared)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer's signature")]
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("a request handler panicked");
    Failure::from(Code::Internal).into_response()
}
