//! Customers.

use crate::params;
use async_trait::async_trait;
use licentia_model::Customer;
use licentia_storage::customers::Customers;
use licentia_storage::{Place, Result, StorageError, end_of_prefix};
use uuid::Uuid;

use crate::bulk::column;
use crate::columns::Columns;
use crate::statements;
use crate::transaction::PostgresTransaction;

statements! {
    INSERT = "
        INSERT INTO customers (id, email, email_folded, name, organization, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    UPDATE = "
        UPDATE customers SET email = $2, email_folded = $3, name = $4, organization = $5 WHERE id = $1";
    BY_ID = "SELECT * FROM customers WHERE id = $1";
    LOCK_EMAIL = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    INSERT_TERM = "INSERT INTO customer_terms (term, customer_id) VALUES ($1, $2)";
    DELETE_TERM = "DELETE FROM customer_terms WHERE term = $1 AND customer_id = $2";
    OLDEST = "
        SELECT * FROM customers WHERE (created_at, id) > ($1, $2) ORDER BY created_at, id LIMIT $3";
    NEWEST = "
        SELECT * FROM customers WHERE (created_at, id) < ($1, $2)
        ORDER BY created_at DESC, id DESC LIMIT $3";
    FIND = "
        SELECT customers.*, term FROM customer_terms JOIN customers ON customers.id = customer_id
        WHERE (term, customer_id) > ($1, $2) AND term < $3 ORDER BY term, customer_id LIMIT $4";
    INSERT_MANY = "
        INSERT INTO customers (id, email, email_folded, name, organization, created_at)
        SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[])";
    INSERT_TERMS = "
        INSERT INTO customer_terms (term, customer_id) SELECT * FROM unnest($1::text[], $2::uuid[])";
    // In one order, whoever locks them.
    LOCK_EMAILS = "
        SELECT pg_advisory_xact_lock(lock)
        FROM (SELECT DISTINCT hashtextextended(email, 0) AS lock FROM unnest($1::text[]) AS email
              ORDER BY lock) AS locks";
    BY_EMAILS = "SELECT * FROM customers WHERE email_folded = ANY($1::text[])";
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
        self.write_one("customer", INSERT, params).await?;
        for term in customer.terms() {
            self.write_one("customer", INSERT_TERM, params![term, customer.id]).await?;
        }
        Ok(())
    }

    async fn insert_customers(&mut self, customers: &[&Customer]) -> Result<()> {
        let params = params![
            column(customers, |customer| customer.id),
            column(customers, |customer| customer.email.as_str()),
            column(customers, |customer| customer.email.to_lowercase()),
            column(customers, |customer| customer.name.as_deref()),
            column(customers, |customer| customer.organization.as_deref()),
            column(customers, |customer| customer.created_at),
        ];
        self.write_all(INSERT_MANY, params, customers.len()).await?;
        let terms: Vec<_> = customers
            .iter()
            .flat_map(|customer| customer.terms().into_iter().map(|term| (term, customer.id)))
            .collect();
        let params =
            params![column(&terms, |(term, _)| term.as_str()), column(&terms, |(_, id)| *id)];
        self.write_all(INSERT_TERMS, params, terms.len()).await
    }

    async fn update_customer(&mut self, customer: &Customer) -> Result<()> {
        let Some(before) = self.customer(customer.id).await? else {
            return Err(StorageError::Stale("customer"));
        };
        let params = params![
            customer.id,
            customer.email,
            customer.email.to_lowercase(),
            customer.name,
            customer.organization,
        ];
        self.write_one("customer", UPDATE, params).await?;
        let (was, is) = (before.terms(), customer.terms());
        for term in was.difference(&is) {
            // Customers from before this search have fewer.
            self.write(DELETE_TERM, params![term, customer.id]).await?;
        }
        for term in &is {
            self.write(DELETE_TERM, params![term, customer.id]).await?;
            self.write_one("customer", INSERT_TERM, params![term, customer.id]).await?;
        }
        Ok(())
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

    async fn customers_by_email(&mut self, emails: &[String]) -> Result<Vec<Customer>> {
        let emails: Vec<_> = emails.iter().map(|email| email.to_lowercase()).collect();
        if self.is_writing() {
            self.write(LOCK_EMAILS, params![column(&emails, |email| email.as_str())]).await?;
        }
        self.all("customers", BY_EMAILS, params![column(&emails, |email| email.as_str())], customer)
            .await
    }

    async fn walk_customers(
        &mut self,
        descending: bool,
        after: Place,
        limit: u32,
    ) -> Result<Vec<Customer>> {
        let sql = if descending { NEWEST } else { OLDEST };
        self.all("customers", sql, params![after.at, after.id, limit], customer).await
    }

    async fn find_customers(
        &mut self,
        prefix: &str,
        after: Option<(&str, Uuid)>,
        limit: u32,
    ) -> Result<Vec<(String, Customer)>> {
        let (term, id) = after.unwrap_or((prefix, Uuid::nil()));
        let params = params![term, id, end_of_prefix(prefix), limit];
        self.all("customers", FIND, params, |row| Ok((row.plain("term")?, customer(row)?))).await
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
