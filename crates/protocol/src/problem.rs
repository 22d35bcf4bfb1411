//! Errors as RFC 9457 problem documents.

use serde::{Deserialize, Serialize};

use crate::code::Code;

/// Media type of a problem document (RFC 9457 section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A problem document. `code` is for programs; `detail` tells people what to do and never holds a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// `urn:licentia:error:CODE`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short title.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// The stable code; a code of a later version is kept as text.
    pub code: String,
    /// Signed refusal (`refusal+jwt`); without it a product counts the answer as unreachable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Who holds the seats, masked, where all are taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holders: Vec<Holder>,
    /// Which fields of the request are at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// A field of a request that is at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Its path, e.g. `customer.email`.
    pub field: String,
    /// `missing`, `unknown`, `malformed` or `invalid`.
    pub code: String,
    /// What is wrong with it, and what is wanted. Never the value.
    pub detail: String,
}

/// A seat's holder as others may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holder {
    /// Cluster id, masked.
    pub cluster_id: String,
    /// Host name, masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// When it was last heard of.
    pub last_seen: jiff::Timestamp,
    /// Until when its lease runs.
    pub lease_until: jiff::Timestamp,
}

impl Problem {
    /// A problem with the code's own title and advice.
    #[must_use]
    pub fn new(code: Code) -> Self {
        Self {
            kind: format!("urn:licentia:error:{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: code.advice().to_owned(),
            code: code.as_str().to_owned(),
            refusal: None,
            holders: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Names a field that is at fault.
    #[must_use]
    pub fn at(mut self, field: &str, code: &str, detail: &str) -> Self {
        self.errors.push(FieldError {
            field: field.to_owned(),
            code: code.to_owned(),
            detail: detail.to_owned(),
        });
        self
    }

    /// Says first what happened here, then what to do.
    #[must_use]
    pub fn because(mut self, what: &str) -> Self {
        self.detail = format!("{what} {}", self.detail);
        self
    }
}
