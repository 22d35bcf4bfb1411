//! `POST /v1/license/grace`: an installation that never had a licence asks to run until it has one.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What the product sends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = GraceRequest))]
pub struct Request {
    /// The product that asks.
    pub product: String,
    /// 8 to 128 printable ASCII characters; a refusal echoes it.
    pub nonce: String,
    /// The machine that asks, as `licentia fingerprint` prints it: the grace is then for it alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
}

/// What the authority answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = GraceAnswer))]
pub struct Answer {
    /// The signed document (`grace+jwt`); it goes into `licenses/grace.jwt` beside the program.
    pub grace: String,
    /// From when on a licence is needed.
    pub expires_at: Timestamp,
}
