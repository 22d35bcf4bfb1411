//! Plans.

use async_trait::async_trait;
use licentia_model::Plan;
use uuid::Uuid;

use crate::Result;

/// Plans of products.
#[async_trait]
pub trait Plans {
    /// A new plan; [`Conflict`](crate::StorageError::Conflict) on product and `code`.
    async fn insert_plan(&mut self, plan: &Plan) -> Result<()>;
    /// Replaces all but id, product and code.
    async fn update_plan(&mut self, plan: &Plan) -> Result<()>;
    /// By row id.
    async fn plan(&mut self, id: Uuid) -> Result<Option<Plan>>;
    /// By product and code.
    async fn plan_by_code(&mut self, product_id: Uuid, code: &str) -> Result<Option<Plan>>;
    /// Plans of a product, by rank and code.
    async fn plans(&mut self, product_id: Uuid) -> Result<Vec<Plan>>;
}
