//! Issues a licence: customer, licence, signed key and audit entry in one transaction.

use std::collections::BTreeMap;

use licentia_license::claims::{Customer as CustomerClaim, License as Claims, Text};
use licentia_license::fingerprint::Bind;
use licentia_model::{Customer, License, LicenseState, Scheme};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use serde_json::Value;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;

const DAY_S: i64 = 86_400;

/// How long a licence lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Term {
    /// For ever.
    Perpetual,
    /// Expired from this second on.
    Until(i64),
    /// So many days from now.
    Days(u32),
}

/// What is to be issued.
#[derive(Debug, Clone)]
pub struct Order {
    /// Product code.
    pub product: String,
    /// Plan code; none: the product's default.
    pub plan: Option<String>,
    /// Key scheme; none: the product's.
    pub scheme: Option<Scheme>,
    /// The customer's e-mail address.
    pub email: String,
    /// The customer's personal name.
    pub name: Option<String>,
    /// The customer's organisation.
    pub organization: Option<String>,
    /// How long.
    pub term: Term,
    /// A trial licence.
    pub trial: bool,
    /// The machine it is bound to.
    pub bind: Option<Bind>,
    /// Free attributes.
    pub attributes: BTreeMap<String, String>,
}

impl Authority {
    /// Issues a licence.
    pub async fn issue(
        &self,
        order: Order,
        actor: Actor,
    ) -> Result<resource::License, AuthorityError> {
        check(&order)?;
        self.write(move |this, tx| Box::pin(async move { this.issue_in(tx, order, &actor).await }))
            .await
    }

    async fn issue_in(
        &self,
        tx: &mut dyn Transaction,
        order: Order,
        actor: &Actor,
    ) -> Result<resource::License, AuthorityError> {
        let now = self.clock().now();
        let product = tx.product_by_code(&order.product).await?.ok_or_else(|| {
            AuthorityError::NotFound { what: "product", name: order.product.clone() }
        })?;
        let plan_code = order.plan.as_deref().unwrap_or(&product.default_plan);
        let plan = tx.plan_by_code(product.id, plan_code).await?.ok_or_else(|| {
            AuthorityError::NotFound { what: "plan of this product", name: plan_code.to_owned() }
        })?;
        let expires_at = match order.term {
            Term::Perpetual => None,
            Term::Until(at) => Some(at),
            Term::Days(days) => Some(now.saturating_add(i64::from(days) * DAY_S)),
        };
        if expires_at.is_some_and(|at| at <= now) {
            return Err(invalid(
                "expires",
                "it lies in the past; give a date that is still to come",
            ));
        }
        let scheme = order.scheme.unwrap_or(product.scheme);
        if product.refuses(scheme, now) {
            return Err(invalid("scheme", "the product no longer accepts keys of this scheme"));
        }
        // A `v1` key spells its last day; the record ends with that day, not within it.
        let expires_at = match scheme {
            Scheme::V1 => {
                expires_at.map(|at| at.saturating_add(DAY_S - 1).div_euclid(DAY_S) * DAY_S)
            }
            _ => expires_at,
        };
        let customer = self.customer_for(tx, &order, now).await?;
        let (id, jti) = (self.uuid(), self.uuid());
        let claims = Claims {
            iss: self.issuer().into(),
            sub: id.to_string().into(),
            aud: product.code.as_str().into(),
            jti: jti.to_string().into(),
            iat: now,
            nbf: None,
            exp: expires_at,
            tier: plan.tier.as_str().into(),
            rank: plan.rank,
            plan: plan.code.as_str().into(),
            features: plan.features.iter().map(Text::from).collect(),
            limits: plan.limits.iter().map(|(name, most)| (name.into(), *most)).collect(),
            seats: plan.seats,
            nodes: plan.nodes,
            trial: order.trial,
            bind: order.bind,
            customer: Some(CustomerClaim {
                id: customer.id.to_string().into(),
                name: order.name.or_else(|| customer.name.clone()).map(Text::from),
                email: Some(customer.email.as_str().into()),
                organization: order
                    .organization
                    .or_else(|| customer.organization.clone())
                    .map(Text::from),
            }),
            attributes: order.attributes.into_iter().map(|(k, v)| (k, Value::from(v))).collect(),
        };
        let license = License {
            id,
            product_id: product.id,
            plan_id: plan.id,
            customer_id: customer.id,
            state: LicenseState::Active,
            token_version: 1,
            jti,
            key_jti: jti,
            tier: plan.tier.clone(),
            expires_at,
            created_at: now,
            updated_at: now,
        };
        tx.insert_license(&license).await?;
        let record = self.sign_record(tx, &license, claims, now).await?;
        let mut license = license;
        let mut shown_once = None;
        if scheme != Scheme::Jwt {
            let (key_jti, text) =
                self.make_key(tx, &product, &license, &record.claims, scheme, now).await?;
            license.key_jti = key_jti;
            tx.update_license(&license).await?;
            shown_once = Some(text);
        }
        let entry = Entry::new()
            .fact("product", product.code.clone())
            .fact("plan", plan.code.clone())
            .fact("jti", jti.to_string())
            .fact("expires_at", expires_at)
            .fact("customer", customer.id.to_string())
            .personal("email", Some(&customer.email));
        self.announce(tx, actor, "license.issue", id, entry).await?;
        let mut view = self.view(tx, license).await?;
        view.key = shown_once.or(view.key);
        Ok(view)
    }

    /// The customer with this e-mail address: known, or new.
    async fn customer_for(
        &self,
        tx: &mut dyn Transaction,
        order: &Order,
        now: i64,
    ) -> Result<Customer, AuthorityError> {
        let Some(mut customer) = tx.customer_by_email(&order.email).await? else {
            let customer = Customer {
                id: self.uuid(),
                email: order.email.clone(),
                name: order.name.clone(),
                organization: order.organization.clone(),
                created_at: now,
            };
            tx.insert_customer(&customer).await?;
            return Ok(customer);
        };
        let told = |new: &Option<String>, old: &Option<String>| new.is_some() && new != old;
        if told(&order.name, &customer.name) || told(&order.organization, &customer.organization) {
            customer.name = order.name.clone().or(customer.name);
            customer.organization = order.organization.clone().or(customer.organization);
            tx.update_customer(&customer).await?;
        }
        Ok(customer)
    }
}

fn check(order: &Order) -> Result<(), AuthorityError> {
    let email = order.email.as_str();
    let shaped = email.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty() && !domain.is_empty() && !domain.contains('@')
    });
    if !shaped || email.len() > 254 || email.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(invalid("email", "it must look like name@example.com"));
    }
    for (field, value) in [("name", &order.name), ("organization", &order.organization)] {
        if let Some(value) = value
            && (value.trim().is_empty()
                || value.chars().count() > 200
                || value.chars().any(char::is_control))
        {
            return Err(invalid(
                field,
                "it must be 1 to 200 characters without control characters",
            ));
        }
    }
    let attributes: usize = order.attributes.iter().map(|(k, v)| k.len() + v.len()).sum();
    if attributes > 4_096 {
        return Err(invalid("attr", "all attributes together may have 4,096 characters"));
    }
    Ok(())
}

fn invalid(field: &'static str, problem: &str) -> AuthorityError {
    AuthorityError::Invalid { field, problem: problem.to_owned() }
}
