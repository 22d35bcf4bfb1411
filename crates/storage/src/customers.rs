//! Customers.

use async_trait::async_trait;
use licentia_model::Customer;
use uuid::Uuid;

use crate::Result;

/// Customers.
#[async_trait]
pub trait Customers {
    /// A new customer; [`Conflict`](crate::StorageError::Conflict) on the e-mail's lower-case form.
    async fn insert_customer(&mut self, customer: &Customer) -> Result<()>;
    /// Replaces name and organisation.
    async fn update_customer(&mut self, customer: &Customer) -> Result<()>;
    /// By row id.
    async fn customer(&mut self, id: Uuid) -> Result<Option<Customer>>;
    /// By e-mail, in any case.
    async fn customer_by_email(&mut self, email: &str) -> Result<Option<Customer>>;
}
