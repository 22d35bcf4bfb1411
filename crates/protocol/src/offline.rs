//! `POST /v1/license/offline`: for machines without network, whose files or words somebody carries.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A file of such a machine, or what it shows to be typed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = OfflineRequest))]
pub struct Request {
    /// The text of its request file (`request+jwt`), or of its proof that it gave the seat back (`return+jwt`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<String>,
    /// In place of a document: the typed form, `REQUEST-…` or `RETURN-…`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// With a code: the licence key, which a document brings by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub license_key: Option<String>,
}

/// What is carried back.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = OfflineAnswer))]
pub struct Answer {
    /// The activation.
    pub activation_id: Uuid,
    /// Until when the seat is held; `null`: it was given back.
    pub lease_until: Option<Timestamp>,
    /// The text of the activation file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activation: Option<String>,
    /// The same without keyset and list, for a QR code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub brief: Option<String>,
    /// To be typed on the machine: eight lines of three groups, each with a check symbol.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed: Option<String>,
}
