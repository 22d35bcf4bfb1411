//! `/v1/admin/licenses/{id}/pull-tokens` and `/v1/admin/pull-tokens`: what customers fetch with.

mod create;
mod list;
mod revoke;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Licenses), Scope::write(Resource::Licenses));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(write, routes!(create::handler)))
        .routes(needs(write, routes!(revoke::handler)))
}
