//! `/v1/admin/revocations`: licences and keys that were revoked, and the list that says so.

mod create;
mod export;
mod keys;
mod lift;
mod list;
mod published;
mod refresh;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let read = Scope::read(Resource::Revocations);
    let write = Scope::write(Resource::Revocations);
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(export::handler)))
        .routes(needs(write, routes!(create::handler)))
        .routes(needs(read, routes!(keys::handler)))
        .routes(needs(write, routes!(lift::handler)))
        .routes(needs(read, routes!(published::handler)))
        .routes(needs(write, routes!(refresh::handler)))
}
