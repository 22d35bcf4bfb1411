//! Issues many licences: all of a call or none.
//!
//! Signing comes first, on every core, outside of the transaction; then every row goes in at once. Ids of one call
//! follow each other, so that a repetition finds them all again by the first. A call holds 10,000 at most, some ten
//! MiB; whoever has more makes several calls, each with its own idempotency key.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use licentia_issue::Secret;
use licentia_model::{Customer, License, LicenseKey, Scheme};
use licentia_protocol::licenses::NewLicenses;
use licentia_protocol::resource;
use licentia_storage::Transaction;
use licentia_storage::bulk::Issued;
use uuid::Uuid;

use crate::ask::Ask;
use crate::audit::{Actor, Entry, compose, keep_head};
use crate::authority::Authority;
use crate::credential::subject;
use crate::customers::told;
use crate::error::AuthorityError;
use crate::licenses::issue::{Order, Terms};
use crate::licenses::list::{Held, license_view};
use crate::licenses::trials::{Marked, second};
use crate::notes::Note;

/// Most licences of one call.
pub const MOST: usize = 10_000;
/// How often customers are looked at again where somebody else made one of them meanwhile.
const TRIES: usize = 3;
/// Rows of one statement.
const ROWS: usize = 500;

/// What many orders have in common, looked up once.
struct Ground {
    now: i64,
    terms: Vec<(Terms, Option<Secret<Vec<u8>>>)>,
    /// By the order they are first named in; and whether they have to be stored.
    customers: Vec<(Customer, Kept)>,
    /// Per order: which terms, which customer.
    of: Vec<(usize, usize)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Known,
    Changed,
    New,
}

/// A licence that is signed, and not stored yet.
struct Drawn {
    license: License,
    keys: Vec<LicenseKey>,
    entry: Entry,
    view: resource::License,
}

impl Authority {
    /// Issues many licences, all or none, in the order of the request.
    pub async fn issue_many(
        &self,
        request: NewLicenses,
        ask: impl Into<Ask> + Send,
    ) -> Result<Vec<resource::License>, AuthorityError> {
        let ask = ask.into();
        let orders = Arc::new(read(request)?);
        if let Some(first) = self.done_before(&ask).await? {
            return self.issued_before(first, orders.len(), ask.actor).await;
        }
        let mut tries = 1;
        loop {
            match self.try_many(&orders, ask.clone()).await {
                Err(AuthorityError::Changed) if tries < TRIES => tries += 1,
                done => return done,
            }
        }
    }

    /// What the same request did before, so that nothing is signed for a repetition.
    async fn done_before(&self, ask: &Ask) -> Result<Option<Uuid>, AuthorityError> {
        let Some(attempt) = self.attempt_of(ask)? else { return Ok(None) };
        self.read(move |this, tx| {
            Box::pin(async move {
                let done = attempt.done_before(tx, this.clock().now()).await?;
                done.map_err(|denied| AuthorityError::Refused(denied.code))
            })
        })
        .await
    }

    /// Changed, and nothing done, where customers changed between the look at them and the transaction.
    async fn try_many(
        &self,
        orders: &Arc<Vec<Order>>,
        ask: Ask,
    ) -> Result<Vec<resource::License>, AuthorityError> {
        let told = Arc::clone(orders);
        let ground = self
            .read(move |this, tx| Box::pin(async move { this.ground(tx, &told).await }))
            .await?;
        let ground = Arc::new(ground);
        let first = first_id(self.uuid());
        let drawn = self.draw_all(orders, &ground, first).await?;
        let (again, count) = (ask.actor.clone(), orders.len());
        let orders = Arc::clone(orders);
        self.carry_out(
            ask,
            move |this, tx, ask| {
                Box::pin(async move {
                    let trials = this.claim_trials(tx, &orders, &ground).await?;
                    let stored = this.store_all(tx, &ground, drawn, &ask.actor).await?;
                    // One line for all: the trail names each.
                    let action = format!("license.issue, {} at once", stored.len());
                    let actor = ask.actor.name;
                    this.note(Note { action, license_id: first, actor });
                    for (place, marks) in trials {
                        let (terms, _) = &ground.terms[ground.of[place].0];
                        let id = nth(first, place);
                        this.put_trial_marks(tx, &terms.product, id, &marks).await?;
                    }
                    Ok((first, stored))
                })
            },
            move |this, tx, first| {
                Box::pin(async move {
                    let mut licenses = Vec::with_capacity(count);
                    for id in ids(first, count) {
                        licenses.push(this.issued_again(tx, id, &again).await?);
                    }
                    Ok(licenses)
                })
            },
        )
        .await
    }

    /// What the trials among the orders use up, by their place; refused where one is the second.
    async fn claim_trials(
        &self,
        tx: &mut dyn Transaction,
        orders: &[Order],
        ground: &Ground,
    ) -> Result<Vec<(usize, Vec<Marked>)>, AuthorityError> {
        let (mut trials, mut seen) = (Vec::new(), HashSet::new());
        for (place, order) in orders.iter().enumerate().filter(|(_, order)| order.trial) {
            let product = &ground.terms[ground.of[place].0].0.product;
            let marks = self.trial_marks_of(product, &order.email);
            if !order.another_trial {
                for (of, mark) in &marks {
                    if !seen.insert((product.id, *mark)) {
                        return Err(one(place, second(*of)));
                    }
                }
            }
            trials.push((place, marks));
        }
        for (place, marks) in trials.iter().filter(|(place, _)| !orders[*place].another_trial) {
            let product = &ground.terms[ground.of[*place].0].0.product;
            self.first_trial(tx, product, marks).await.map_err(|e| one(*place, e))?;
        }
        Ok(trials)
    }

    async fn issued_before(
        &self,
        first: Uuid,
        count: usize,
        actor: Actor,
    ) -> Result<Vec<resource::License>, AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let mut licenses = Vec::with_capacity(count);
                for id in ids(first, count) {
                    licenses.push(this.issued_again(tx, id, &actor).await?);
                }
                Ok(licenses)
            })
        })
        .await
    }

    async fn ground(
        &self,
        tx: &mut dyn Transaction,
        orders: &[Order],
    ) -> Result<Ground, AuthorityError> {
        let now = self.clock().now();
        let mut ground = Ground { now, terms: Vec::new(), customers: Vec::new(), of: Vec::new() };
        let emails: BTreeSet<_> = orders.iter().map(|order| order.email.to_lowercase()).collect();
        let emails: Vec<_> = emails.into_iter().collect();
        let known = tx.customers_by_email(&emails).await?.into_iter();
        let mut known: HashMap<_, _> =
            known.map(|customer| (customer.email.to_lowercase(), customer)).collect();
        let (mut terms_of, mut customer_of) = (HashMap::new(), HashMap::<String, usize>::new());
        for (place, order) in orders.iter().enumerate() {
            let same = (
                order.product.clone(),
                order.plan.clone(),
                order.scheme,
                (order.term, order.starts_at, order.trial),
            );
            let terms = match terms_of.get(&same) {
                Some(known) => *known,
                None => {
                    let terms = order.terms(tx, now).await.map_err(|e| one(place, e))?;
                    let secret = match terms.scheme {
                        Scheme::V1 => {
                            self.product_secrets(tx, terms.product.id).await?.into_iter().next()
                        }
                        _ => None,
                    };
                    ground.terms.push((terms, secret));
                    terms_of.insert(same, ground.terms.len() - 1);
                    ground.terms.len() - 1
                }
            };
            let named = order.named();
            let customer = match customer_of.get(&named.email.to_lowercase()) {
                Some(known) => *known,
                None => {
                    let found = known.remove(&named.email.to_lowercase());
                    let kept = if found.is_some() { Kept::Known } else { Kept::New };
                    let customer = found.unwrap_or_else(|| self.new_customer(&named, now));
                    ground.customers.push((customer, kept));
                    customer_of.insert(named.email.to_lowercase(), ground.customers.len() - 1);
                    ground.customers.len() - 1
                }
            };
            let (known, kept) = &mut ground.customers[customer];
            let renamed = told(known.clone(), &named);
            if renamed != *known {
                *known = renamed;
                if *kept == Kept::Known {
                    *kept = Kept::Changed;
                }
            }
            ground.of.push((terms, customer));
        }
        Ok(ground)
    }

    /// Signs, on as many threads as there are cores.
    async fn draw_all(
        &self,
        orders: &Arc<Vec<Order>>,
        ground: &Arc<Ground>,
        first: Uuid,
    ) -> Result<Vec<Drawn>, AuthorityError> {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let share = orders.len().div_ceil(threads).max(1);
        let mut running = Vec::new();
        for from in (0..orders.len()).step_by(share) {
            let (this, orders, ground) = (self.clone(), Arc::clone(orders), Arc::clone(ground));
            let (tell, told) = tokio::sync::oneshot::channel();
            let to = (from + share).min(orders.len());
            let work = move || {
                let drawn: Result<Vec<_>, _> = (from..to)
                    .map(|place| this.draw_one(&orders[place], &ground, place, first))
                    .collect();
                // Nobody waits where the request was given up.
                let _ = tell.send(drawn);
            };
            thread::Builder::new()
                .name("licentia-sign".into())
                .spawn(work)
                .map_err(|e| AuthorityError::Keys(format!("no thread to sign on: {e}")))?;
            running.push(told);
        }
        let mut drawn = Vec::with_capacity(orders.len());
        for told in running {
            drawn.extend(
                told.await.map_err(|_| AuthorityError::Keys("a signing thread ended".into()))??,
            );
        }
        Ok(drawn)
    }

    fn draw_one(
        &self,
        order: &Order,
        ground: &Ground,
        place: usize,
        first: Uuid,
    ) -> Result<Drawn, AuthorityError> {
        let (terms, customer) = ground.of[place];
        let (terms, secret) = &ground.terms[terms];
        let customer = &ground.customers[customer].0;
        let now = ground.now;
        let ids = (nth(first, place), self.uuid());
        let claims = order.claims(self.issuer(), terms, customer, ids, now);
        let mut license = order.row(terms, customer.id, ids, now);
        let (record, verified) = self.draw_record(license.id, &claims, now)?;
        let mut text = Some(verified.token().to_owned());
        let mut keys = vec![record];
        if terms.scheme != Scheme::Jwt {
            let drawn = self.draw_key(
                &terms.product,
                &license,
                &verified,
                terms.scheme,
                secret.as_ref(),
                now,
            );
            let (key, shown) = drawn.map_err(|e| one(place, e))?;
            license.key_jti = key.jti;
            keys.push(key);
            text = Some(shown);
        }
        let mut entry = Order::entry(terms, &license, &customer.email);
        if order.quiet {
            entry = entry.fact("quiet", true);
        }
        let held = Held { text, scheme: terms.scheme };
        let codes = (terms.product.code.clone(), terms.plan.code.clone());
        let view = license_view(license.clone(), &verified, held, codes, customer.clone(), now);
        Ok(Drawn { license, keys, entry, view })
    }

    async fn store_all(
        &self,
        tx: &mut dyn Transaction,
        ground: &Ground,
        drawn: Vec<Drawn>,
        actor: &Actor,
    ) -> Result<Vec<resource::License>, AuthorityError> {
        let folded = |customer: &Customer| customer.email.to_lowercase();
        let emails: Vec<_> =
            ground.customers.iter().map(|(customer, _)| folded(customer)).collect();
        let known: HashMap<_, _> = tx
            .customers_by_email(&emails)
            .await?
            .into_iter()
            .map(|known| (folded(&known), known.id))
            .collect();
        let mut new = Vec::new();
        for ((customer, kept), email) in ground.customers.iter().zip(&emails) {
            let now = known.get(email).copied();
            match kept {
                Kept::New if now.is_none() => new.push(customer),
                Kept::Changed if now == Some(customer.id) => tx.update_customer(customer).await?,
                Kept::Known if now == Some(customer.id) => {}
                // What was written so far is undone with the transaction.
                _ => return Err(AuthorityError::Changed),
            }
        }
        tx.insert_customers(&new).await?;
        let mut head = tx.lock_audit_head().await?;
        let mut views = Vec::with_capacity(drawn.len());
        let mut rows = Vec::with_capacity(ROWS);
        for Drawn { license, keys, entry, view } in drawn {
            let (facts, subject) = (entry.facts(), subject(license.id));
            let (audit, secrets) =
                compose(self.parts(), head.as_ref(), actor, "license.issue", subject, entry);
            head = Some(audit.clone());
            let once = view.key.as_deref().filter(|_| view.scheme == Scheme::Short.as_str());
            let sealed = once.map(|key| self.seal_for(license.id, key)).transpose()?;
            rows.push(Issued { license, keys, facts, sealed, audit, secrets });
            views.push(view);
            if rows.len() == ROWS {
                tx.insert_issued(&rows).await?;
                rows.clear();
            }
        }
        tx.insert_issued(&rows).await?;
        if let Some(head) = head {
            keep_head(self.parts(), tx, &head).await?;
        }
        Ok(views)
    }
}

fn read(request: NewLicenses) -> Result<Vec<Order>, AuthorityError> {
    let wrong = |field, problem: String| AuthorityError::Invalid { field, problem };
    let most = format!("one call issues 1 to {MOST} licences; make several calls");
    match (request.count, request.like) {
        (None, None) => {
            if request.licenses.is_empty() || request.licenses.len() > MOST {
                return Err(wrong("licenses", most));
            }
            let orders = request.licenses.into_iter().enumerate();
            orders.map(|(place, new)| Order::read(new).map_err(|e| one(place, e))).collect()
        }
        (Some(count), Some(like)) if request.licenses.is_empty() => {
            let count = count as usize;
            if !(1..=MOST).contains(&count) {
                return Err(wrong("count", most));
            }
            // Nobody is sent thousands of mails: whoever orders many for one customer hands them over himself.
            Ok(vec![Order { quiet: count > 1, ..Order::read(like)? }; count])
        }
        _ => Err(wrong("licenses", "give either `licenses`, or `count` and `like`".into())),
    }
}

fn one(place: usize, error: AuthorityError) -> AuthorityError {
    AuthorityError::One { place: place + 1, error: Box::new(error) }
}

/// An id from which ten thousand can be counted up without touching its version and variant.
fn first_id(id: Uuid) -> Uuid {
    Uuid::from_u128(id.as_u128() & !(1 << 61))
}

fn nth(first: Uuid, place: usize) -> Uuid {
    Uuid::from_u128(first.as_u128() + place as u128)
}

fn ids(first: Uuid, count: usize) -> impl Iterator<Item = Uuid> {
    (0..count).map(move |place| nth(first, place))
}
