//! `GET /keyset.json`: the keyset of the day.

use serde::{Deserialize, Serialize};

/// What the authority answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = KeysetAnswer))]
pub struct Answer {
    /// Compact `keyset+jwt`, signed by a root.
    pub keyset: String,
}
