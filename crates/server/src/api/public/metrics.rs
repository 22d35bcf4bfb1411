//! `GET /metrics`: what the server counts, for Prometheus.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderMap, HeaderName, header};
use licentia_authority::Authority;
use licentia_protocol::{Code, Problem};

use crate::address::Network;
use crate::metrics::Metrics;
use crate::openapi::problems;
use crate::problem::Failure;

/// The networks that may read it, besides this machine.
#[derive(Clone, Default)]
pub(crate) struct Readers(pub(crate) Vec<Network>);

problems!(Forbidden);

/// What the server counts, in Prometheus' text format. Answered to this machine itself and to the networks that
/// `metrics.allow` of the configuration names; never through a proxy.
#[utoipa::path(
    get,
    path = "/metrics",
    operation_id = "metrics",
    tag = "public",
    responses((status = 200, description = "The numbers.", body = String, content_type = "text/plain"), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(metrics): State<Arc<Metrics>>,
    State(readers): State<Readers>,
    peer: Option<Extension<ConnectInfo<SocketAddr>>>,
    headers: HeaderMap,
) -> Result<([(HeaderName, &'static str); 2], String), Failure> {
    // Whoever comes through a proxy is somebody else than the proxy, named in the configuration or not.
    let forwarded = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];
    let direct = !forwarded.iter().any(|name| headers.contains_key(*name));
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer.ip().to_canonical());
    let known = peer.is_some_and(|peer| {
        peer.is_loopback() || readers.0.iter().any(|network| network.holds(peer))
    });
    if !(direct && known) {
        let what =
            "Metrics are for the networks that `metrics.allow` names, without a proxy between.";
        return Err(Problem::new(Code::Forbidden).because(what).into());
    }
    let text = metrics.text(authority.now(), authority.queued());
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text))
}
