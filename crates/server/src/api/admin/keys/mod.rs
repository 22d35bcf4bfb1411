//! `/v1/admin/keys`: the authority's signing keys. Private halves are never shown.

mod compromise;
mod export;
mod list;
mod retire;
mod rotate;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Keys), Scope::write(Resource::Keys));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(export::handler)))
        .routes(needs(write, routes!(rotate::handler)))
        .routes(needs(write, routes!(retire::handler)))
        .routes(needs(write, routes!(compromise::handler)))
}
