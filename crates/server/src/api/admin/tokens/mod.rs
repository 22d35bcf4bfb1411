//! `/v1/admin/tokens`: API tokens, an operator's own, and everybody's for an owner.

mod create;
mod export;
mod list;
mod revoke;
mod show;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Tokens), Scope::write(Resource::Tokens));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(export::handler)))
        .routes(needs(write, routes!(create::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(revoke::handler)))
}
