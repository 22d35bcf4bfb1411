//! Customers.

use crate::params;
use async_trait::async_trait;
use licentia_model::Customer;
use licentia_storage::Result;
use licentia_storage::customers::Customers;
use uuid::Uuid;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO customers (id, email, email_folded, name, organization, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    UPDATE = "UPDATE customers SET name = $2, organization = $3 WHERE id = $1";
    BY_ID = "SELECT * FROM customers WHERE id = $1";
    LOCK_EMAIL = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    BY_EMAIL = "SELECT * FROM customers WHERE email_folded = $1";
}

#[async_trait]
impl Customers for PostgresTransaction {
    async fn insert_customer(&mut self, customer: &Customer) -> Result<()> {
        let params = params![
            customer.id,
            customer.email,
            customer.email.to_lowercase(),
            customer.name,
            customer.organization,
            customer.created_at,
        ];
        self.write_one("customer", INSERT, params).await
    }

    async fn update_customer(&mut self, customer: &Customer) -> Result<()> {
        let params = params![customer.id, customer.name, customer.organization];
        self.write_one("customer", UPDATE, params).await
    }

    async fn customer(&mut self, id: Uuid) -> Result<Option<Customer>> {
        self.one("customers", BY_ID, params![id], customer).await
    }

    async fn customer_by_email(&mut self, email: &str) -> Result<Option<Customer>> {
        // A writing job asks in order to make the customer where there is none: two at once must not both find
        // none.
        if self.is_writing() {
            self.write(LOCK_EMAIL, params![email.to_lowercase()]).await?;
        }
        self.one("customers", BY_EMAIL, params![email.to_lowercase()], customer).await
    }
}

fn customer(row: &Columns<'_>) -> Result<Customer> {
    Ok(Customer {
        id: row.uuid("id")?,
        email: row.plain("email")?,
        name: row.plain("name")?,
        organization: row.plain("organization")?,
        created_at: row.plain("created_at")?,
    })
}
