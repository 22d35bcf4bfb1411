//! Issues a licence: customer, licence, signed key and audit entry in one transaction.

use std::collections::BTreeMap;

use licentia_license::License as Claims;
use licentia_license::fingerprint::Bind;
use licentia_model::{Customer, License, LicenseState, Plan, Product, Scheme};
use licentia_protocol::licenses::{Addons, NewLicense};
use licentia_protocol::resource;
use licentia_storage::Transaction;
use serde_json::Value;
use uuid::Uuid;

pub use super::term::Term;
use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::customers::{Named, check_named};
use crate::distribution::coverage::{MAINTENANCE_UNTIL, read_end};
use crate::error::AuthorityError;
use crate::licenses::grant::{check_addons, grant, is_reserved};
use crate::licenses::list::missing;
use crate::licenses::transfer::claim;

/// What is to be issued.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// How long; days count from now, or from the start where that lies ahead.
    pub term: Term,
    /// Not valid before this second.
    pub starts_at: Option<i64>,
    /// A trial licence.
    pub trial: bool,
    /// It is a trial although the customer had one.
    pub another_trial: bool,
    /// The machine it is bound to.
    pub bind: Option<Bind>,
    /// Free attributes.
    pub attributes: BTreeMap<String, String>,
    /// What is granted beside the plan.
    pub addons: Option<Addons>,
    /// It is not mailed to the customer.
    pub quiet: bool,
}

/// What an order comes to, once product and plan are known.
pub(crate) struct Terms {
    pub(crate) product: Product,
    pub(crate) plan: Plan,
    pub(crate) scheme: Scheme,
    pub(crate) expires_at: Option<i64>,
}

impl Order {
    /// Reads a request.
    pub fn read(request: NewLicense) -> Result<Self, AuthorityError> {
        let wrong = |field, problem: String| AuthorityError::Invalid { field, problem };
        let scheme = request.scheme.map(|scheme| match scheme.parse() {
            Ok(Scheme::Opaque) | Err(_) => {
                Err(wrong("scheme", "it must be `jwt`, `v2`, `v1` or `short`".into()))
            }
            Ok(scheme) => Ok(scheme),
        });
        let bind = request.bind.map(|bind| bind.parse::<Bind>());
        let order = Self {
            product: request.product,
            plan: request.plan,
            scheme: scheme.transpose()?,
            email: request.email,
            name: request.name,
            organization: request.organization,
            term: Term::told(&request.term)?.unwrap_or(Term::OfPlan),
            starts_at: request.starts_at.map(jiff::Timestamp::as_second),
            trial: request.trial,
            another_trial: request.another_trial,
            bind: bind.transpose().map_err(|e| wrong("bind", e.to_string()))?,
            attributes: request.attributes,
            addons: request.addons,
            quiet: false,
        };
        order.check()?;
        Ok(order)
    }

    fn check(&self) -> Result<(), AuthorityError> {
        check_named(&self.named())?;
        self.addons.iter().try_for_each(check_addons)?;
        let attributes: usize = self.attributes.iter().map(|(k, v)| k.len() + v.len()).sum();
        if attributes > 4_096 {
            return Err(invalid("attributes", "all of them together may have 4,096 characters"));
        }
        if self.attributes.get(MAINTENANCE_UNTIL).is_some_and(|text| read_end(text).is_err()) {
            let wanted = "`maintenance_until` wants a day or a time, such as 2027-06-30";
            return Err(invalid("attributes", wanted));
        }
        if self.attributes.keys().any(|name| is_reserved(name)) {
            return Err(invalid("attributes", "names that begin with `licentia.` are reserved"));
        }
        Ok(())
    }

    pub(crate) fn named(&self) -> Named {
        Named {
            email: self.email.clone(),
            name: self.name.clone(),
            organization: self.organization.clone(),
        }
    }

    /// Finds product and plan, and works out the rest.
    pub(crate) async fn terms(
        &self,
        tx: &mut dyn Transaction,
        now: i64,
    ) -> Result<Terms, AuthorityError> {
        let product = tx.product_by_code(&self.product).await?.ok_or_else(|| {
            AuthorityError::NotFound { what: "product", name: self.product.clone() }
        })?;
        let plan_code = self.plan.as_deref().unwrap_or(&product.default_plan);
        let plan = tx.plan_by_code(product.id, plan_code).await?.ok_or_else(|| {
            AuthorityError::NotFound { what: "plan of this product", name: plan_code.to_owned() }
        })?;
        let scheme = self.scheme.unwrap_or(product.scheme);
        if product.refuses(scheme, now) {
            return Err(invalid("scheme", "the product no longer accepts keys of this scheme"));
        }
        let start = self.starts_at.map_or(now, |start| start.max(now));
        let term = match (self.term, self.trial, plan.trial_s) {
            (Term::OfPlan, true, Some(trial)) => Term::Until(start.saturating_add(trial.into())),
            (term, ..) => term,
        };
        let expires_at = term.end(start, now, scheme)?;
        let reckoned = matches!(term, Term::Exactly(_));
        if !reckoned && expires_at.is_some_and(|end| end <= start) {
            return Err(invalid("starts_at", "it ends before it starts"));
        }
        Ok(Terms { product, plan, scheme, expires_at })
    }

    /// What the licence is to say.
    pub(crate) fn claims(
        &self,
        issuer: &str,
        terms: &Terms,
        customer: &Customer,
        (id, jti): (Uuid, Uuid),
        now: i64,
    ) -> Claims {
        let attributes = self.attributes.iter();
        let mut claims = Claims {
            iss: issuer.into(),
            sub: id.to_string().into(),
            aud: terms.product.code.as_str().into(),
            jti: jti.to_string().into(),
            iat: now,
            nbf: self.starts_at.filter(|start| *start > now),
            exp: terms.expires_at,
            tier: terms.plan.tier.as_str().into(),
            rank: terms.plan.rank,
            plan: terms.plan.code.as_str().into(),
            features: Vec::new(),
            limits: BTreeMap::new(),
            seats: None,
            nodes: None,
            trial: self.trial,
            telemetry: false,
            bind: self.bind.clone(),
            customer: Some(claim(customer)),
            attributes: attributes.map(|(k, v)| (k.clone(), Value::from(v.clone()))).collect(),
        };
        grant(&mut claims, &terms.plan, self.addons.as_ref());
        claims
    }

    /// The row of the licence.
    pub(crate) fn row(
        &self,
        terms: &Terms,
        customer_id: Uuid,
        (id, jti): (Uuid, Uuid),
        now: i64,
    ) -> License {
        License {
            id,
            product_id: terms.product.id,
            plan_id: terms.plan.id,
            customer_id,
            state: LicenseState::Active,
            token_version: 1,
            jti,
            key_jti: jti,
            tier: terms.plan.tier.clone(),
            expires_at: terms.expires_at,
            trial: self.trial,
            created_at: now,
            updated_at: now,
        }
    }

    /// What the trail says of it.
    pub(crate) fn entry(terms: &Terms, license: &License, email: &str) -> Entry {
        Entry::change(Value::Null, license.state.as_str())
            .fact("product", terms.product.code.clone())
            .fact("plan", terms.plan.code.clone())
            .fact("jti", license.jti.to_string())
            .fact("expires_at", license.expires_at)
            .fact("customer", license.customer_id.to_string())
            .personal("email", Some(email))
    }
}

impl Authority {
    /// Issues a licence.
    pub async fn issue(
        &self,
        order: Order,
        ask: impl Into<Ask> + Send,
    ) -> Result<resource::License, AuthorityError> {
        order.check()?;
        let ask = ask.into();
        let actor = ask.actor.clone();
        self.carry_out(
            ask,
            move |this, tx, ask| {
                Box::pin(async move {
                    let license = this.issue_in(tx, order, &ask.actor).await?;
                    Ok((license.id, license))
                })
            },
            move |this, tx, id| Box::pin(async move { this.issued_again(tx, id, &actor).await }),
        )
        .await
    }

    pub(crate) async fn issue_in(
        &self,
        tx: &mut dyn Transaction,
        order: Order,
        actor: &Actor,
    ) -> Result<resource::License, AuthorityError> {
        let now = self.clock().now();
        let terms = order.terms(tx, now).await?;
        let marks = if order.trial {
            self.trial_marks_of(&terms.product, &order.email)
        } else {
            Vec::new()
        };
        if !order.another_trial {
            self.first_trial(tx, &terms.product, &marks).await?;
        }
        let customer = self.customer_for(tx, &order.named(), now).await?;
        let ids = (self.uuid(), self.uuid());
        let claims = order.claims(self.issuer(), &terms, &customer, ids, now);
        let mut license = order.row(&terms, customer.id, ids, now);
        tx.insert_license(&license).await?;
        self.put_trial_marks(tx, &terms.product, license.id, &marks).await?;
        let record = self.sign_record(tx, &license, claims, now).await?;
        let mut shown_once = None;
        if terms.scheme != Scheme::Jwt {
            let (key_jti, text) = self
                .make_key(tx, &terms.product, &license, &record.claims, terms.scheme, now)
                .await?;
            license.key_jti = key_jti;
            tx.update_license(&license).await?;
            shown_once = Some(text);
        }
        let entry = Order::entry(&terms, &license, &customer.email);
        let once = shown_once.as_deref().filter(|_| terms.scheme == Scheme::Short);
        self.announce_key(tx, actor, "license.issue", license.id, entry, once).await?;
        let mut view = self.view(tx, license).await?;
        view.key = shown_once.or(view.key);
        Ok(view)
    }

    /// A licence that was issued before, under the same idempotency key. A key that is not kept is made anew, and
    /// the one that was lost on the way counts no more.
    pub(crate) async fn issued_again(
        &self,
        tx: &mut dyn Transaction,
        id: Uuid,
        actor: &Actor,
    ) -> Result<resource::License, AuthorityError> {
        let mut license = tx.lock_license(id).await?.ok_or_else(|| missing(id))?;
        let scheme = self.scheme_of_key(tx, &license).await?;
        if !matches!(scheme, Scheme::Short | Scheme::V1) {
            return self.view(tx, license).await;
        }
        let now = self.clock().now();
        let known = self.know(tx, license.clone()).await?;
        let (product, _) = self.terms_of(tx, &known).await?;
        if scheme == Scheme::V1 {
            // It follows from what is kept.
            let secret = self.product_secrets(tx, product.id).await?.into_iter().next();
            let drawn =
                self.draw_key(&product, &license, &known.claims, scheme, secret.as_ref(), now)?;
            let mut view = self.view(tx, license).await?;
            view.key = Some(drawn.1);
            return Ok(view);
        }
        let (key_jti, text) =
            self.make_key(tx, &product, &license, &known.claims, scheme, now).await?;
        let former = std::mem::replace(&mut license.key_jti, key_jti);
        license.updated_at = now;
        tx.void_license_keys(id, [license.jti, key_jti], now).await?;
        tx.update_license(&license).await?;
        let entry = Entry::change(former.to_string(), key_jti.to_string());
        self.announce(tx, actor, "license.show_key", id, entry).await?;
        let mut view = self.view(tx, license).await?;
        view.key = Some(text);
        Ok(view)
    }
}

fn invalid(field: &'static str, problem: &str) -> AuthorityError {
    AuthorityError::Invalid { field, problem: problem.to_owned() }
}
