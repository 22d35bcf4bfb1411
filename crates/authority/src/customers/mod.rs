//! Customers: whom licences are issued to.

pub mod create;
pub mod data;
pub mod erase;
pub mod list;
pub mod mend;
pub mod update;

use licentia_model::{Customer, License};
use licentia_protocol::resource;
use licentia_storage::licenses::{Path, Walk};
use licentia_storage::{Place, Transaction};
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::seats::timestamp;

/// How a customer is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) email: String,
    pub(crate) name: Option<String>,
    pub(crate) organization: Option<String>,
}

impl Authority {
    /// The customer with this e-mail address: known, or new. A name that is told replaces the one that is kept.
    pub(crate) async fn customer_for(
        &self,
        tx: &mut dyn Transaction,
        named: &Named,
        now: i64,
    ) -> Result<Customer, AuthorityError> {
        let Some(known) = tx.customer_by_email(&named.email).await? else {
            let customer = self.new_customer(named, now);
            tx.insert_customer(&customer).await?;
            return Ok(customer);
        };
        let customer = told(known.clone(), named);
        if customer != known {
            tx.update_customer(&customer).await?;
        }
        Ok(customer)
    }

    /// A customer that is not stored yet.
    pub(crate) fn new_customer(&self, named: &Named, now: i64) -> Customer {
        let Named { email, name, organization } = named.clone();
        Customer { id: self.uuid(), email, name, organization, created_at: now }
    }
}

/// Most licences of one customer that are looked at in one piece.
const PAGE: u32 = 500;
/// Where the licences of a customer begin.
pub(crate) const FIRST: Place = Place { at: i64::MIN, id: Uuid::nil() };

/// The next licences of a customer, and where those after them begin; `None`: there are no more.
pub(crate) async fn licenses_from(
    tx: &mut dyn Transaction,
    customer_id: Uuid,
    after: Place,
) -> Result<(Vec<License>, Option<Place>), AuthorityError> {
    let path = Path::OfCustomer(customer_id);
    let page = tx.walk_licenses(&Walk { path, descending: false, after, limit: PAGE }).await?;
    let next = page.last().filter(|_| page.len() == PAGE as usize).map(|last| path.place(last));
    Ok((page, next))
}

/// A customer with the names that are told.
pub(crate) fn told(mut customer: Customer, named: &Named) -> Customer {
    customer.name = named.name.clone().or(customer.name);
    customer.organization = named.organization.clone().or(customer.organization);
    customer
}

pub(crate) fn check_named(named: &Named) -> Result<(), AuthorityError> {
    check_email(&named.email)?;
    check_name("name", named.name.as_deref())?;
    check_name("organization", named.organization.as_deref())
}

pub(crate) fn check_email(email: &str) -> Result<(), AuthorityError> {
    let shaped = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if shaped && email.len() <= 254 && !email.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Ok(());
    }
    Err(AuthorityError::Invalid {
        field: "email",
        problem: "it must look like name@example.com".into(),
    })
}

pub(crate) fn check_name(field: &'static str, name: Option<&str>) -> Result<(), AuthorityError> {
    let fits = |name: &str| {
        !name.trim().is_empty()
            && name.chars().count() <= 200
            && !name.chars().any(char::is_control)
    };
    if name.is_none_or(fits) {
        return Ok(());
    }
    let problem = "it must be 1 to 200 characters without control characters".into();
    Err(AuthorityError::Invalid { field, problem })
}

pub(crate) fn customer_view(customer: Customer) -> resource::Customer {
    resource::Customer {
        id: customer.id,
        email: customer.email,
        name: customer.name,
        organization: customer.organization,
        created_at: timestamp(customer.created_at),
    }
}
