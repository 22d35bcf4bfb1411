//! `/v1/admin/activations`: activations and their seats.

mod export;
mod list;
mod release;
mod show;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Activations), Scope::write(Resource::Activations));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(release::handler)))
        .routes(needs(read, routes!(export::handler)))
}
