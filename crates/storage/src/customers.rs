//! Customers.

use async_trait::async_trait;
use licentia_model::Customer;
use uuid::Uuid;

use crate::{Place, Result};

/// Customers.
#[async_trait]
pub trait Customers {
    /// A new customer; [`Conflict`](crate::StorageError::Conflict) on the e-mail's lower-case form.
    async fn insert_customer(&mut self, customer: &Customer) -> Result<()>;
    /// Many new ones, all or none; the same.
    async fn insert_customers(&mut self, customers: &[&Customer]) -> Result<()>;
    /// Replaces all but id and `created_at`; [`Conflict`](crate::StorageError::Conflict) as above.
    async fn update_customer(&mut self, customer: &Customer) -> Result<()>;
    /// By row id.
    async fn customer(&mut self, id: Uuid) -> Result<Option<Customer>>;
    /// By e-mail, in any case.
    async fn customer_by_email(&mut self, email: &str) -> Result<Option<Customer>>;
    /// Those with any of these e-mails, in any case, in no order. A writing job has these addresses to itself until it
    /// ends: nobody else makes a customer with one of them meanwhile.
    async fn customers_by_email(&mut self, emails: &[String]) -> Result<Vec<Customer>>;
    /// A page, by `created_at`, then id.
    async fn walk_customers(
        &mut self,
        descending: bool,
        after: Place,
        limit: u32,
    ) -> Result<Vec<Customer>>;
    /// Terms ([`Customer::terms`]) that begin so, each with its customer, in their order; only those after
    /// `after`.
    async fn find_customers(
        &mut self,
        prefix: &str,
        after: Option<(&str, Uuid)>,
        limit: u32,
    ) -> Result<Vec<(String, Customer)>>;
}
