//! `POST /v1/license/deactivate`: gives a seat back. 204, a second time too.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What the product sends: activation and token, or key and cluster.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = DeactivateRequest))]
pub struct Request {
    /// The activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation_id: Option<Uuid>,
    /// Any token of that activation, even a stale one; here or as `Authorization: Bearer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// Instead: the key…
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_key: Option<String>,
    /// …and the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_id: Option<String>,
}
