//! `/v1/admin/sessions`: logging in and out.

mod begin;
mod end;
mod export;
mod list;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Sessions), Scope::write(Resource::Sessions));
    OpenApiRouter::default()
        // The one way in: nobody has anything to show yet.
        .routes(routes!(begin::handler))
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(export::handler)))
        .routes(needs(write, routes!(end::handler)))
}
