//! Products.

use async_trait::async_trait;
use licentia_model::{Meter, Product};
use uuid::Uuid;

use crate::Result;

/// Products and their meters.
#[async_trait]
pub trait Products {
    /// A new product; [`Conflict`](crate::StorageError::Conflict) on `code`.
    async fn insert_product(&mut self, product: &Product) -> Result<()>;
    /// Replaces all but id and code.
    async fn update_product(&mut self, product: &Product) -> Result<()>;
    /// By row id.
    async fn product(&mut self, id: Uuid) -> Result<Option<Product>>;
    /// By code.
    async fn product_by_code(&mut self, code: &str) -> Result<Option<Product>>;
    /// All, by code.
    async fn products(&mut self) -> Result<Vec<Product>>;
    /// Replaces the meters of a product.
    async fn replace_meters(&mut self, product_id: Uuid, meters: &[Meter]) -> Result<()>;
    /// Meters of a product, by name.
    async fn meters(&mut self, product_id: Uuid) -> Result<Vec<Meter>>;
}
