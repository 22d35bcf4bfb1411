//! `/v1/admin/plans`: plans of products.

mod create;
mod export;
mod list;
mod show;
mod update;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Plans), Scope::write(Resource::Plans));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(export::handler)))
        .routes(needs(write, routes!(create::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(update::handler)))
}
