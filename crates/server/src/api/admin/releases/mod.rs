//! `/v1/admin/releases`: releases and their files.

mod announce;
mod create;
mod list;
mod publish;
mod show;
mod yank;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Releases), Scope::write(Resource::Releases));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(write, routes!(create::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(announce::handler)))
        .routes(needs(write, routes!(publish::handler)))
        .routes(needs(write, routes!(yank::handler)))
}
