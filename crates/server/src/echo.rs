//! What the HTTP stack alone costs: reads a heartbeat as the endpoint does and sends it back. `licentia bench` runs
//! it in a process of its own, to compare with; it is no part of the authority's paths.

use std::net::SocketAddr;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use licentia_protocol::heartbeat::Request;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;

use crate::extract::{Bearer, Json};

/// A listener that echoes.
pub struct Echo {
    listener: TcpListener,
    address: SocketAddr,
}

impl Echo {
    /// Takes a free port on loopback.
    pub async fn bind() -> std::io::Result<Self> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Echoes until `stop` is ready.
    pub async fn run(self, stop: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
        let echo = |_: Bearer, Json(request): Json<Request>| async move { axum::Json(request) };
        let app = Router::new()
            .fallback(echo)
            .layer(DefaultBodyLimit::max(64 * 1024))
            .layer(CatchPanicLayer::new());
        axum::serve(self.listener, app.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stop)
            .await
    }
}
