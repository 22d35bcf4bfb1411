//! What customers fetch with a pull token or a licence key, and what fetches for them: docker, pip, an updater.

pub(crate) mod credentials;
mod registry_token;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default().routes(routes!(registry_token::handler))
}
