//! Customers.

use async_trait::async_trait;
use licentia_model::Customer;
use licentia_storage::customers::Customers;
use licentia_storage::{Place, Result, StorageError, end_of_prefix};
use rusqlite::params;
use uuid::Uuid;

use crate::columns::Columns;
use crate::statements;
use crate::transaction::SqliteTransaction;

statements! {
    INSERT = "
        INSERT INTO customers (id, email, email_folded, name, organization, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    UPDATE = "
        UPDATE customers SET email = ?2, email_folded = ?3, name = ?4, organization = ?5 WHERE id = ?1";
    BY_ID = "SELECT * FROM customers WHERE id = ?1";
    INSERT_TERM = "INSERT INTO customer_terms (term, customer_id) VALUES (?1, ?2)";
    DELETE_TERM = "DELETE FROM customer_terms WHERE term = ?1 AND customer_id = ?2";
    OLDEST = "
        SELECT * FROM customers WHERE (created_at, id) > (?1, ?2) ORDER BY created_at, id LIMIT ?3";
    NEWEST = "
        SELECT * FROM customers WHERE (created_at, id) < (?1, ?2)
        ORDER BY created_at DESC, id DESC LIMIT ?3";
    FIND = "
        SELECT customers.*, term FROM customer_terms CROSS JOIN customers ON customers.id = customer_id
        WHERE (term, customer_id) > (?1, ?2) AND term < ?3 ORDER BY term, customer_id LIMIT ?4";
    BY_EMAIL = "SELECT * FROM customers WHERE email_folded = ?1";
}

#[async_trait]
impl Customers for SqliteTransaction {
    async fn insert_customer(&mut self, customer: &Customer) -> Result<()> {
        let params = params![
            customer.id.to_string(),
            customer.email,
            customer.email.to_lowercase(),
            customer.name,
            customer.organization,
            customer.created_at,
        ];
        self.write_one("customer", INSERT, params)?;
        for term in customer.terms() {
            self.write_one("customer", INSERT_TERM, params![term, customer.id.to_string()])?;
        }
        Ok(())
    }

    async fn insert_customers(&mut self, customers: &[&Customer]) -> Result<()> {
        let mut terms = Vec::with_capacity(customers.len() * 4);
        for customer in customers {
            let id = customer.id.to_string();
            let params = params![
                id,
                customer.email,
                customer.email.to_lowercase(),
                customer.name,
                customer.organization,
                customer.created_at,
            ];
            self.write_one("customer", INSERT, params)?;
            terms.extend(customer.terms().into_iter().map(|term| (term, id.clone())));
        }
        // In the order of their index: each page of it is looked for once.
        terms.sort_unstable();
        for (term, id) in &terms {
            self.write_one("customer", INSERT_TERM, params![term, id])?;
        }
        Ok(())
    }

    async fn update_customer(&mut self, customer: &Customer) -> Result<()> {
        let Some(before) = self.customer(customer.id).await? else {
            return Err(StorageError::Stale("customer"));
        };
        let params = params![
            customer.id.to_string(),
            customer.email,
            customer.email.to_lowercase(),
            customer.name,
            customer.organization,
        ];
        self.write_one("customer", UPDATE, params)?;
        let (was, is) = (before.terms(), customer.terms());
        for term in was.difference(&is) {
            // Customers from before this search have fewer.
            self.write(DELETE_TERM, params![term, customer.id.to_string()])?;
        }
        for term in &is {
            self.write(DELETE_TERM, params![term, customer.id.to_string()])?;
            self.write_one("customer", INSERT_TERM, params![term, customer.id.to_string()])?;
        }
        Ok(())
    }

    async fn customer(&mut self, id: Uuid) -> Result<Option<Customer>> {
        self.one("customers", BY_ID, params![id.to_string()], customer)
    }

    async fn customer_by_email(&mut self, email: &str) -> Result<Option<Customer>> {
        self.one("customers", BY_EMAIL, params![email.to_lowercase()], customer)
    }

    async fn customers_by_email(&mut self, emails: &[String]) -> Result<Vec<Customer>> {
        let mut found = Vec::new();
        for email in emails {
            found.extend(self.one(
                "customers",
                BY_EMAIL,
                params![email.to_lowercase()],
                customer,
            )?);
        }
        Ok(found)
    }

    async fn walk_customers(
        &mut self,
        descending: bool,
        after: Place,
        limit: u32,
    ) -> Result<Vec<Customer>> {
        let sql = if descending { NEWEST } else { OLDEST };
        self.all("customers", sql, params![after.at, after.id.to_string(), limit], customer)
    }

    async fn find_customers(
        &mut self,
        prefix: &str,
        after: Option<(&str, Uuid)>,
        limit: u32,
    ) -> Result<Vec<(String, Customer)>> {
        let (term, id) = after.unwrap_or((prefix, Uuid::nil()));
        let params = params![term, id.to_string(), end_of_prefix(prefix), limit];
        self.all("customers", FIND, params, |row| Ok((row.plain("term")?, customer(row)?)))
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
