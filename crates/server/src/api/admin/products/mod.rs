//! `/v1/admin/products`: products.

mod create;
mod export;
mod grace;
mod import;
mod list;
mod show;
mod update;
mod waive;

use axum::extract::DefaultBodyLimit;
use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

/// A catalogue.
const CATALOG_BYTES: usize = 1024 * 1024;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Products), Scope::write(Resource::Products));
    // What they sign takes the place of a licence.
    let exceptions = Scope::write(Resource::Licenses);
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(export::handler)))
        .routes(needs(write, routes!(create::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(update::handler)))
        .routes(needs(exceptions, routes!(waive::handler)))
        .routes(needs(exceptions, routes!(grace::handler)))
        .routes(needs(write, routes!(import::handler).layer(DefaultBodyLimit::max(CATALOG_BYTES))))
}
