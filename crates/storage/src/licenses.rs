//! Licences.

use async_trait::async_trait;
use licentia_model::{License, LicenseState};
use uuid::Uuid;

use crate::{Place, Result};

/// Which licences a list walks through, and in which order: every path has an index of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    /// All, by the time of issue.
    All,
    /// Of a product, by the time of issue.
    OfProduct(Uuid),
    /// Of a plan, by the time of issue.
    OfPlan(Uuid),
    /// Of a customer, by the time of issue.
    OfCustomer(Uuid),
    /// In a state other than `active`, by the time of issue.
    InState(&'static str),
    /// Of a product and in a state other than `active`, by the time of issue.
    OfProductInState(Uuid, &'static str),
    /// Trials, by the time of issue.
    OnTrial,
    /// All, by their end; perpetual ones end last.
    Ending,
    /// Of a product, by their end.
    OfProductEnding(Uuid),
    /// Revoked ones, by the time of the revocation.
    Revoked,
}

impl Path {
    /// Where a licence stands on this path.
    #[must_use]
    pub fn place(self, license: &License) -> Place {
        let at = match self {
            Self::Ending | Self::OfProductEnding(_) => license.expires_at.unwrap_or(i64::MAX),
            Self::Revoked => match license.state {
                LicenseState::Revoked { at, .. } => at,
                _ => 0,
            },
            _ => license.created_at,
        };
        Place { at, id: license.id }
    }
}

/// A part of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// Which.
    pub path: Path,
    /// From the last to the first.
    pub descending: bool,
    /// Behind this place.
    pub after: Place,
    /// At most so many.
    pub limit: u32,
}

/// Licences.
#[async_trait]
pub trait Licenses {
    /// A new licence.
    async fn insert_license(&mut self, license: &License) -> Result<()>;
    /// Replaces all but id, product and `created_at`.
    async fn update_license(&mut self, license: &License) -> Result<()>;
    /// By id.
    async fn license(&mut self, id: Uuid) -> Result<Option<License>>;
    /// By id, and nobody else changes it or takes its seats until this transaction ends.
    async fn lock_license(&mut self, id: Uuid) -> Result<Option<License>>;
    /// A page, in the order of the path and then of the ids.
    async fn walk_licenses(&mut self, walk: &Walk) -> Result<Vec<License>>;
}
