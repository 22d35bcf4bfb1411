//! `GET /health`: the process lives.

use serde::Serialize;

/// What is said.
#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
    version: &'static str,
}

/// Always 200 while the process can answer at all.
pub(crate) async fn handler() -> axum::Json<Health> {
    axum::Json(Health { status: "healthy", version: env!("CARGO_PKG_VERSION") })
}
