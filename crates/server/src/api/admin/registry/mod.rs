//! `/v1/admin/registry`: what a container registry has to be told.

mod show;

use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(needs(Scope::read(Resource::Releases), routes!(show::handler)))
}
