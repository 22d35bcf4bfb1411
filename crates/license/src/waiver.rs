//! Exceptions that the authority signs: enforcement off for a while, and running before a licence exists.
//!
//! They are for the key that signs licences, since they grant what a licence grants.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Text;
use crate::document::Document;
use crate::keyset::Purpose;

/// Claims of a `waiver+jwt`: enforcement is off. Times are seconds since the epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    /// The authority.
    pub iss: String,
    /// Product code.
    pub aud: String,
    /// When it was signed.
    pub iat: i64,
    /// From when on enforcement is back; a waiver without end is none.
    pub exp: i64,
    /// Why; shown wherever the waiver takes effect.
    pub reason: String,
    /// Who asked for it.
    pub who: String,
}

impl Document for Waiver {
    const TYP: &'static str = "waiver+jwt";
    const PURPOSE: Purpose = Purpose::License;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}

/// Claims of a `grace+jwt`: the product runs although no licence exists yet. Times are seconds since the
/// epoch, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraceGrant {
    /// The authority.
    pub iss: String,
    /// Product code.
    pub aud: String,
    /// When it was signed.
    pub iat: i64,
    /// From when on a licence is needed.
    pub exp: i64,
    /// The plan that it runs as; none: the product's default plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// That plan's tier.
    #[serde(default)]
    pub tier: String,
    /// Order of tiers.
    #[serde(default)]
    pub rank: u32,
    /// Features granted meanwhile.
    #[serde(default)]
    pub features: Vec<Text>,
    /// Limits by name; `null` is unlimited.
    #[serde(default)]
    pub limits: BTreeMap<Text, Option<u64>>,
    /// The machine it is for; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Document for GraceGrant {
    const TYP: &'static str = "grace+jwt";
    const PURPOSE: Purpose = Purpose::License;

    fn issued_at(&self) -> i64 {
        self.iat
    }
}
