//! `/v1/admin/jobs`: mails, webhooks and other side effects, done, due or dead.

mod list;
mod resend;
mod show;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Jobs), Scope::write(Resource::Jobs));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(write, routes!(resend::handler)))
}
