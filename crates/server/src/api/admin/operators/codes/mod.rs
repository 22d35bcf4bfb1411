//! `/v1/admin/operators/{id}/codes`: the second factor.

use serde::Deserialize;
use utoipa::ToSchema;

pub(crate) mod begin;
pub(crate) mod confirm;
pub(crate) mod remove;

/// Shows that whoever asks is the operator himself.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnPassword {
    /// The operator's password, where there is one. An owner needs none to take away the second factor of another.
    #[serde(default)]
    password: Option<String>,
}
