//! `/v1/admin/audit`: the trail, read and checked. Nobody writes it but the use cases.

mod export;
mod list;
mod verify;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let read = Scope::read(Resource::Audit);
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(export::handler)))
        .routes(needs(read, routes!(verify::handler)))
}
