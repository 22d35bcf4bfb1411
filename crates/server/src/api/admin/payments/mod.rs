//! `/v1/admin/payments`: what payment providers told.

mod list;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let read = Scope::read(Resource::Payments);
    OpenApiRouter::default().routes(needs(read, routes!(list::handler)))
}
