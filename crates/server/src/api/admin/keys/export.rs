//! `GET /v1/admin/keys/export`.

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use licentia_authority::Authority;
use licentia_protocol::{Code, Problem};
use serde::Deserialize;

use crate::api::admin::admin_problems;
use crate::api::admin::caller::Caller;
use crate::api::admin::query::Query;
use crate::problem::Failure;

admin_problems!(Invalid);

/// As what.
#[derive(Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// `pem` (default) or `jwks`; `bundle`: what a product embeds, roots and the keyset of the day; `keyset`: that alone.
    format: Option<String>,
}

/// The public keys that verify today, the one that signs licences first.
#[utoipa::path(
    get,
    path = "/v1/admin/keys/export",
    operation_id = "export_keys",
    tag = "keys",
    params(Asked),
    responses(
        (
            status = 200,
            description = "The keys.",
            content(
                (String = "application/x-pem-file"),
                (Object = "application/jwk-set+json"),
                (String = "text/plain"),
            )
        ),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    _: Caller,
    Query(asked): Query<Asked>,
) -> Result<Response, Failure> {
    match asked.format.as_deref() {
        None | Some("pem") => {
            let keys = authority.public_keys().await?;
            let text: String = keys.iter().map(|key| key.to_pem()).collect();
            Ok(([(CONTENT_TYPE, "application/x-pem-file")], text).into_response())
        }
        Some("jwks") => {
            let text = serde_json::to_string(&authority.jwks().await?);
            let text = text.map_err(|_| Failure::from(Code::Internal))?;
            Ok(([(CONTENT_TYPE, "application/jwk-set+json")], text).into_response())
        }
        Some("bundle") => {
            Ok(([(CONTENT_TYPE, "text/plain")], authority.trust().to_text()).into_response())
        }
        Some("keyset") => {
            let token = authority.trust().keyset_token().unwrap_or_default().to_owned();
            Ok(([(CONTENT_TYPE, "text/plain")], token).into_response())
        }
        Some(_) => {
            let wanted = "wants `pem`, `jwks`, `bundle` or `keyset`";
            Err(Problem::new(Code::Invalid).at("format", "invalid", wanted).into())
        }
    }
}
