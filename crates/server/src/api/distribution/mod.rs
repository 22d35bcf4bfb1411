//! What customers fetch with a pull token or a licence key, and what fetches for them: docker, pip, an updater.

pub(crate) mod credentials;
mod download;
mod latest;
mod python;
mod python_index;
mod python_project;
mod registry_token;
mod releases;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::router::Shared;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .routes(routes!(registry_token::handler))
        .routes(routes!(releases::handler))
        .routes(routes!(latest::handler))
        .routes(routes!(download::handler))
        .routes(routes!(python_index::handler))
        .routes(routes!(python_project::handler))
}

/// Declares `Problems` as [`problems!`](crate::openapi::problems) does, with what whoever shows a licence may be told.
macro_rules! customer_problems {
    ($($code:ident),* $(,)?) => {
        $crate::openapi::problems!(
            WrongCredentials, NotCovered, Suspended, Revoked, Cancelled, Expired, NotYetValid, ChainBroken, Malformed,
            RateLimited, Internal, Unavailable $(, $code)*
        );
    };
}
pub(crate) use customer_problems;
