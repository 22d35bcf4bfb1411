//! Licences.

use async_trait::async_trait;
use licentia_model::License;
use uuid::Uuid;

use crate::Result;

/// What a list of licences is narrowed to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LicenseFilter {
    /// Of this product.
    pub product_id: Option<Uuid>,
    /// In this state, as the database words it.
    pub state: Option<String>,
    /// Of this customer.
    pub customer_id: Option<Uuid>,
    /// Only those after this one, in the order of the list.
    pub after: Option<Uuid>,
    /// At most so many.
    pub limit: u32,
}

/// Licences.
#[async_trait]
pub trait Licenses {
    /// A new licence.
    async fn insert_license(&mut self, license: &License) -> Result<()>;
    /// Replaces all but id, product, customer and `created_at`.
    async fn update_license(&mut self, license: &License) -> Result<()>;
    /// By id.
    async fn license(&mut self, id: Uuid) -> Result<Option<License>>;
    /// By id, and nobody else changes it or takes its seats until this transaction ends.
    async fn lock_license(&mut self, id: Uuid) -> Result<Option<License>>;
    /// A page, newest first (by `created_at`, then id).
    async fn licenses(&mut self, filter: &LicenseFilter) -> Result<Vec<License>>;
}
