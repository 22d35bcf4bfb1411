//! `/v1/admin/artifacts`: the files of releases, and how they are uploaded.

mod complete;
mod link;
mod put_part;
mod remove;
mod show;

use axum::extract::DefaultBodyLimit;
use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::artifacts::PART;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Releases), Scope::write(Resource::Releases));
    OpenApiRouter::default()
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(remove::handler)))
        .routes(needs(read, routes!(link::handler)))
}

/// What takes as long as it takes: a slow line, or gigabytes that are put together.
pub(crate) fn slow_routes() -> OpenApiRouter<Shared> {
    let write = Scope::write(Resource::Releases);
    let most = usize::try_from(PART).unwrap_or(usize::MAX);
    OpenApiRouter::default()
        .routes(needs(write, routes!(put_part::handler)).layer(DefaultBodyLimit::max(most)))
        .routes(needs(write, routes!(complete::handler)))
}
