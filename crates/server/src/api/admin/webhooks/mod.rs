//! `/v1/admin/webhooks`: where events are told to. What was told is under `/v1/admin/jobs`.

mod create;
mod delete;
mod list;
mod rotate;
mod show;
mod test;
mod update;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Webhooks), Scope::write(Resource::Webhooks));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(write, routes!(create::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(update::handler)))
        .routes(needs(write, routes!(delete::handler)))
        .routes(needs(write, routes!(rotate::handler)))
        .routes(needs(write, routes!(test::handler)))
}
