//! `/v1/admin/customers`: customers.

mod create;
mod data;
mod erase;
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
    let (read, write) = (Scope::read(Resource::Customers), Scope::write(Resource::Customers));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(write, routes!(create::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(update::handler)))
        .routes(needs(read, routes!(export::handler)))
        // It shows keys, which support does not see either.
        .routes(needs(write, routes!(data::handler)))
        .routes(needs(write, routes!(erase::handler)))
}
