//! `/v1/admin/operators`: who gets in, and with what.

mod codes;
mod create;
mod export;
mod list;
mod password;
mod remove;
mod show;
mod update;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Operators), Scope::write(Resource::Operators));
    // What one gets in with is everybody's own business; that of others is refused further in.
    let own = Scope::write(Resource::Sessions);
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(export::handler)))
        .routes(needs(write, routes!(create::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(update::handler)))
        .routes(needs(write, routes!(remove::handler)))
        .routes(needs(own, routes!(password::handler)))
        .routes(needs(own, routes!(codes::begin::handler)))
        .routes(needs(own, routes!(codes::confirm::handler)))
        .routes(needs(own, routes!(codes::remove::handler)))
}
