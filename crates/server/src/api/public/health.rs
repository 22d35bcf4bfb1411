//! `GET /health`: the process lives.

use serde::Serialize;
use utoipa::ToSchema;

/// A sign of life.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    /// `healthy`.
    status: &'static str,
    /// Of the authority.
    version: &'static str,
}

/// Always 200 while the process can answer at all.
#[utoipa::path(
    get,
    path = "/health",
    operation_id = "health",
    tag = "public",
    responses((status = 200, description = "It lives.", body = Health))
)]
pub(crate) async fn handler() -> axum::Json<Health> {
    axum::Json(Health { status: "healthy", version: env!("CARGO_PKG_VERSION") })
}
