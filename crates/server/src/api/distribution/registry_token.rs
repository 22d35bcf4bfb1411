//! `GET /v1/registry/token`.

use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use licentia_authority::Authority;
use licentia_authority::registry::token::{Flavor, TokenRequest};
use licentia_protocol::registry::TokenAnswer;
use licentia_protocol::{Code, Problem};

use crate::api::distribution::credentials::Shown;
use crate::gate::Gate;
use crate::openapi::problems;
use crate::problem::Failure;

problems!(
    WrongCredentials,
    NotCovered,
    Suspended,
    Revoked,
    Cancelled,
    Expired,
    NotYetValid,
    ChainBroken,
    Invalid,
    Malformed,
    RateLimited,
    Internal,
    Unavailable
);

/// A token for a container registry, as the registry's `realm` asks for it (Distribution specification). User: the
/// licence or customer id; password: a pull token or the licence key. Good for five minutes, and for what the licence
/// covers of what is asked for; without credentials, for nothing. Operators use an API token with `releases:write` to
/// push.
#[utoipa::path(
    get,
    path = "/v1/registry/token",
    operation_id = "registry_token",
    tag = "distribution",
    params(
        ("service" = String, Query, description = "The registry's own name."),
        ("scope" = Option<Vec<String>>, Query, description = "Such as `repository:acme/app:pull`; may be repeated."),
        ("flavor" = Option<String>, Query, description = "`docker-registry-2.8` (default) or `docker-registry-3`; stands in the `realm`."),
        ("account" = Option<String>, Query, description = "Not looked at."),
        ("client_id" = Option<String>, Query, description = "Not looked at."),
        ("offline_token" = Option<String>, Query, description = "Not looked at: there are no refresh tokens.")
    ),
    responses((status = 200, description = "A token.", body = TokenAnswer), Problems)
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    gate: Gate,
    shown: Shown,
    query: Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Failure> {
    shown.enter(&gate)?;
    let Query(parameters) = query
        .map_err(|_| Problem::new(Code::Malformed).because("The parameters cannot be read."))?;
    let mut request = TokenRequest {
        password: shown.password(),
        origin: gate.origin(),
        ..TokenRequest::default()
    };
    for (name, value) in parameters {
        match name.as_str() {
            "service" => request.service = value,
            "scope" => request.scopes.push(value),
            "flavor" => request.flavor = flavor(&value)?,
            _ => {}
        }
    }
    let made =
        shown.judged(&gate, authority.registry_token(request).await, |(_, license)| *license);
    let (answer, _) = made?;
    Ok(([(header::CACHE_CONTROL, "no-store")], axum::Json(answer)).into_response())
}

fn flavor(text: &str) -> Result<Flavor, Failure> {
    text.parse().map_err(|()| {
        let wanted = "wants `docker-registry-2.8` or `docker-registry-3`";
        Problem::new(Code::Invalid).at("flavor", "invalid", wanted).into()
    })
}
