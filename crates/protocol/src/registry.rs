//! Tokens for a container registry (Distribution specification, *token authentication*).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A token. It stands here twice, since clients differ in where they look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = RegistryToken))]
pub struct TokenAnswer {
    /// A JWT that the registry checks.
    pub token: String,
    /// The same.
    pub access_token: String,
    /// Seconds until it ends.
    pub expires_in: u64,
    /// When it was made.
    pub issued_at: Timestamp,
}

/// What a registry has to be told to believe the authority's tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RegistryKeys {
    /// `issuer` in the registry's configuration.
    pub issuer: String,
    /// PEM; together the `rootcertbundle`.
    pub certificates: Vec<String>,
    /// The same keys, and those for registries of version 3, as JSON Web Keys: the `keys` of a JWKS file.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Object>))]
    pub keys: Vec<serde_json::Value>,
}
