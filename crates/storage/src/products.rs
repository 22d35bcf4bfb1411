//! Products.

use async_trait::async_trait;
use licentia_model::{Meter, Product, ProductSecret};
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
    /// A new secret of a product.
    async fn insert_product_secret(&mut self, secret: &ProductSecret) -> Result<()>;
    /// Secrets of a product, newest first.
    async fn product_secrets(&mut self, product_id: Uuid) -> Result<Vec<ProductSecret>>;
    /// Forgets a secret.
    async fn delete_product_secret(&mut self, id: Uuid) -> Result<()>;
    /// Products with this key prefix, by code.
    async fn products_by_prefix(&mut self, key_prefix: &str) -> Result<Vec<Product>>;
    /// Meters of a product, by name.
    async fn meters(&mut self, product_id: Uuid) -> Result<Vec<Meter>>;
}
