//! What operators call: `/v1/admin/*`. A token or a session is the credential.
//!
//! An endpoint is a file, as everywhere; its line in its resource's `routes` says which scope it needs, once for the
//! check and the reference. Its handler takes a [`Caller`](caller::Caller), which refuses whoever has not got it;
//! a route without a scope answers nobody. A test walks all of them.
//!
//! ```ignore
//! .routes(needs(Scope::write(Resource::Licenses), routes! { suspend::handler }))
//!
//! fn handler(State(authority), caller: Caller, Path(id), Json(request)) -> Result<Versioned<License>, Failure> {
//!     let ask = caller.ask(&request)?;                    // or `ask_of_version`, where `If-Match` must be sent
//!     Ok(Versioned(authority.suspend(id, request.reason, ask).await?))
//! }
//! ```
//!
//! Lists: [`paging`]. Versions, `ETag` and `If-Match`: [`version`]. Files: [`export`]. Errors: [`failure`].

pub(crate) mod caller;
pub(crate) mod export;
pub(crate) mod failure;
pub(crate) mod paging;
pub(crate) mod query;
pub(crate) mod version;

pub(crate) mod activations;
pub(crate) mod artifacts;
pub(crate) mod audit;
pub(crate) mod customers;
pub(crate) mod jobs;
pub(crate) mod keys;
pub(crate) mod licenses;
pub(crate) mod operators;
pub(crate) mod payments;
pub(crate) mod plans;
pub(crate) mod products;
pub(crate) mod pull_tokens;
pub(crate) mod registry;
pub(crate) mod releases;
pub(crate) mod revocations;
pub(crate) mod sessions;
pub(crate) mod tokens;
pub(crate) mod usage;
pub(crate) mod webhooks;

use axum::Extension;
use licentia_model::Scope;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::SecurityRequirement;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter, UtoipaMethodRouterExt};

use crate::router::Shared;

/// The names of the credentials in the reference.
pub(crate) const API_TOKEN: &str = "operator_token";
pub(crate) const SESSION: &str = "operator_session";

/// What the header of this name does.
pub(crate) const IF_MATCH: &str = "The `ETag` of the resource as it was read; where it has changed since, nothing is \
    done and the answer is 412 `precondition_failed`.";

/// The scope of an endpoint.
#[derive(Clone, Copy)]
pub(crate) struct Needed(pub(crate) Scope);

/// Every endpoint for operators.
pub(crate) fn routes() -> OpenApiRouter<Shared> {
    OpenApiRouter::default()
        .merge(products::routes())
        .merge(plans::routes())
        .merge(customers::routes())
        .merge(licenses::routes())
        .merge(activations::routes())
        .merge(usage::routes())
        .merge(payments::routes())
        .merge(revocations::routes())
        .merge(pull_tokens::routes())
        .merge(registry::routes())
        .merge(releases::routes())
        .merge(artifacts::routes())
        .merge(audit::routes())
        .merge(jobs::routes())
        .merge(keys::routes())
        .merge(operators::routes())
        .merge(sessions::routes())
        .merge(tokens::routes())
        .merge(webhooks::routes())
}

/// An endpoint for those who have this scope: checked, and told in the reference.
pub(crate) fn needs(
    scope: Scope,
    (schemas, mut paths, methods): UtoipaMethodRouter<Shared>,
) -> UtoipaMethodRouter<Shared> {
    for item in paths.paths.values_mut() {
        let operations =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for operation in operations.into_iter().flatten() {
            tell(scope, operation);
        }
    }
    (schemas, paths, methods).layer(Extension(Needed(scope)))
}

fn tell(scope: Scope, operation: &mut Operation) {
    let scopes = [scope.to_string()];
    operation.security = Some(vec![
        SecurityRequirement::new(API_TOKEN, scopes.clone()),
        SecurityRequirement::new(SESSION, scopes),
    ]);
    let told = operation.description.take().unwrap_or_default();
    operation.description = Some(format!("{told}\n\nNeeds the scope `{scope}`.").trim().to_owned());
}

/// Declares `Problems` as [`problems!`](crate::openapi::problems) does, with what every endpoint for operators may
/// answer besides.
macro_rules! admin_problems {
    ($($code:ident),* $(,)?) => {
        $crate::openapi::problems!(
            Unauthenticated, Forbidden, CsrfMismatch, Malformed, Internal, Unavailable $(, $code)*
        );
    };
}
pub(crate) use admin_problems;
