//! Takes an event of a payment provider: keeps it once, and makes the licence what follows from all of its purchase.

use licentia_license::License as Claims;
use licentia_model::{License, LicenseState, PaymentEvent, Plan, Product, Purchase};
use licentia_storage::Transaction;
use uuid::Uuid;

use super::fold::{Kept, Outcome, Standing, Target, fold};
use super::{Buyer, Event, Fact, Rules};
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::customers::{check_email, check_name};
use crate::error::AuthorityError;
use crate::licenses::amend::{Amendment, Key};
use crate::licenses::grant::{addons, grant, maintain_until};
use crate::licenses::issue::{Order, Term};

/// The reason of what is suspended or revoked because money went back.
const REASON: &str = "refund";

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// It had not come before.
    pub is_new: bool,
    /// The licence that it is about, if there is one yet.
    pub license_id: Option<Uuid>,
}

impl Authority {
    /// Takes an event. A second time it changes nothing.
    pub async fn take_payment(
        &self,
        provider: &'static str,
        event: Event,
        rules: Rules,
        origin: String,
    ) -> Result<Taken, AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                // One after the other: two that share a purchase see each other.
                let lock = this.master().hash("payments", provider.as_bytes());
                tx.lock_idempotency_key(&lock).await?;
                let purchase = this.purchase_for(tx, provider, &event.references).await?;
                if !this.keep_payment(tx, &purchase, &event).await? {
                    return Ok(Taken { is_new: false, license_id: purchase.license_id });
                }
                let actor = Actor::new(format!("payment:{provider}"), origin);
                let license_id = this.settle(tx, purchase.clone(), &rules, &actor).await?;
                let entry = Entry::new()
                    .fact("event", event.id.clone())
                    .fact("kind", event.kind.clone())
                    .fact("purchase", purchase.id.to_string());
                let action = event.fact.word();
                match license_id {
                    // That two ids belong together is nobody's business.
                    _ if event.fact == Fact::Linked => {}
                    Some(id) => this.announce(tx, &actor, action, id, entry).await?,
                    None => {
                        let subject = format!("purchase:{}", purchase.id);
                        this.record(tx, &actor, action, subject, entry).await?;
                    }
                }
                Ok(Taken { is_new: true, license_id })
            })
        })
        .await
    }

    /// The purchase that these ids belong to; where they turn out to belong to several, these are one from now on.
    async fn purchase_for(
        &self,
        tx: &mut dyn Transaction,
        provider: &str,
        references: &[String],
    ) -> Result<Purchase, AuthorityError> {
        let mut found: Vec<Purchase> = Vec::new();
        for reference in references {
            if let Some(id) = tx.purchase_of(provider, reference).await?
                && found.iter().all(|purchase| purchase.id != id)
            {
                found.extend(tx.purchase(id).await?);
            }
        }
        found.sort_by_key(|purchase| (purchase.license_id.is_none(), purchase.id));
        let mut found = found.into_iter();
        let purchase = match found.next() {
            Some(purchase) => purchase,
            None => {
                let purchase = Purchase {
                    id: self.uuid(),
                    provider: provider.to_owned(),
                    license_id: None,
                    applied: None,
                    created_at: self.clock().now(),
                };
                tx.insert_purchase(&purchase).await?;
                purchase
            }
        };
        for other in found.filter(|other| other.license_id.is_none()) {
            tx.join_purchases(other.id, purchase.id).await?;
        }
        for reference in references {
            tx.refer_to_purchase(provider, reference, purchase.id).await?;
        }
        Ok(purchase)
    }

    async fn keep_payment(
        &self,
        tx: &mut dyn Transaction,
        purchase: &Purchase,
        event: &Event,
    ) -> Result<bool, AuthorityError> {
        // Text, numbers and lists of them: this cannot fail.
        let facts = serde_json::to_string(&event.fact).unwrap_or_default();
        let row = PaymentEvent {
            id: self.uuid(),
            provider: purchase.provider.clone(),
            event: event.id.clone(),
            purchase_id: purchase.id,
            kind: event.kind.clone(),
            at: event.at,
            received_at: self.clock().now(),
            facts,
        };
        Ok(tx.insert_payment_event(&row).await?)
    }

    /// Makes the licence what follows from all that is known; its id.
    async fn settle(
        &self,
        tx: &mut dyn Transaction,
        mut purchase: Purchase,
        rules: &Rules,
        actor: &Actor,
    ) -> Result<Option<Uuid>, AuthorityError> {
        let kept = tx.payment_events(purchase.id).await?;
        let kept = kept.into_iter().filter_map(|row| {
            let fact = serde_json::from_str(&row.facts).ok()?;
            Some(Kept { at: row.at, id: row.event, fact })
        });
        let Outcome { target, buyer, license } = fold(kept.collect(), rules);
        let Some(mut target) = target else { return Ok(purchase.license_id) };
        let bought = self.bought(tx, &target).await?;
        if bought.is_none() {
            tracing::warn!(purchase = %purchase.id, "payment: its price buys no plan of the catalogue");
            target.price = None;
        }
        let before = purchase.applied.as_deref().and_then(|text| serde_json::from_str(text).ok());
        if purchase.license_id.is_none() {
            purchase.license_id = self.license_paid_for(tx, license, bought.as_ref()).await?;
        }
        match purchase.license_id {
            Some(id) => {
                self.converge(tx, id, before, &mut target, bought.as_ref(), actor).await?;
            }
            None => {
                let (Some((product, plan)), Some(buyer)) = (bought, buyer.filter(is_usable)) else {
                    return Ok(None);
                };
                if target.trial && self.had_trial(tx, &product, &buyer.email).await? {
                    tracing::warn!(purchase = %purchase.id, "payment: the customer had his trial; a licence comes with the first payment");
                    return Ok(None);
                }
                let id = self.sell(tx, &mut target, &product, &plan, buyer, actor).await?;
                purchase.license_id = Some(id);
            }
        }
        purchase.applied = serde_json::to_string(&target).ok();
        tx.update_purchase(&purchase).await?;
        Ok(purchase.license_id)
    }

    async fn bought(
        &self,
        tx: &mut dyn Transaction,
        target: &Target,
    ) -> Result<Option<(Product, Plan)>, AuthorityError> {
        let Some(price) = &target.price else { return Ok(None) };
        let Some(product) = tx.product_by_code(&price.product).await? else { return Ok(None) };
        let plan = tx.plan_by_code(product.id, &price.plan).await?;
        Ok(plan.map(|plan| (product, plan)))
    }

    /// The licence that the vendor said it is for, if it is one of the product that was bought.
    async fn license_paid_for(
        &self,
        tx: &mut dyn Transaction,
        id: Option<Uuid>,
        bought: Option<&(Product, Plan)>,
    ) -> Result<Option<Uuid>, AuthorityError> {
        let (Some(id), Some((product, _))) = (id, bought) else { return Ok(None) };
        let license = tx.license(id).await?;
        Ok(license.filter(|license| license.product_id == product.id).map(|license| license.id))
    }

    /// The first licence of a purchase.
    async fn sell(
        &self,
        tx: &mut dyn Transaction,
        target: &mut Target,
        product: &Product,
        plan: &Plan,
        buyer: Buyer,
        actor: &Actor,
    ) -> Result<Uuid, AuthorityError> {
        let order = Order {
            product: product.code.clone(),
            plan: Some(plan.code.clone()),
            email: buyer.email,
            name: buyer.name,
            term: Term::Exactly(target.ends_at),
            trial: target.trial,
            // Looked at before.
            another_trial: true,
            ..Order::default()
        };
        let issued = self.issue_in(tx, order, actor).await?;
        target.ends_at = issued.expires_at.map(jiff::Timestamp::as_second);
        if let Some(license) = tx.lock_license(issued.id).await? {
            self.stand(tx, license, Standing::Good, target.standing, actor).await?;
        }
        Ok(issued.id)
    }

    /// Brings a licence from what was applied before to what is to be.
    async fn converge(
        &self,
        tx: &mut dyn Transaction,
        id: Uuid,
        before: Option<Target>,
        target: &mut Target,
        bought: Option<&(Product, Plan)>,
        actor: &Actor,
    ) -> Result<(), AuthorityError> {
        let Some(license) = tx.lock_license(id).await? else { return Ok(()) };
        let was = before.as_ref().map_or(Standing::Good, |before| before.standing);
        // What an operator ended stays as it is.
        let ended = match license.state {
            LicenseState::Active | LicenseState::Suspended { .. } => false,
            LicenseState::Revoked { .. } => was != Standing::Revoked,
            LicenseState::Cancelled { .. } => true,
        };
        if ended {
            return Ok(());
        }
        let license = self.agree(tx, license, before.as_ref(), target, bought, actor).await?;
        self.stand(tx, license, was, target.standing, actor).await
    }

    /// Plan, end and trial. What an operator made of them since stays where the purchase says nothing new.
    async fn agree(
        &self,
        tx: &mut dyn Transaction,
        license: License,
        before: Option<&Target>,
        target: &mut Target,
        bought: Option<&(Product, Plan)>,
        actor: &Actor,
    ) -> Result<License, AuthorityError> {
        let known = self.know(tx, license).await?;
        let (product, former) = self.terms_of(tx, &known).await?;
        let scheme = self.scheme_of_key(tx, &known.license).await?;
        let now = self.clock().now();
        target.ends_at = Term::Exactly(target.ends_at).end(now, now, scheme)?;
        let mut after: Claims = known.claims.claims().clone();
        after.exp = match before {
            Some(before) if before.ends_at == after.exp => target.ends_at,
            // It was given more by hand, or is paid for the first time.
            Some(before) if before.ends_at == target.ends_at => after.exp,
            _ if after.trial => target.ends_at,
            _ => later(after.exp, target.ends_at),
        };
        if before.is_none_or(|before| before.trial != target.trial) {
            after.trial = target.trial;
        }
        let mut license = known.license;
        let news = before.and_then(|before| before.price.as_ref()) != target.price.as_ref();
        let plan = bought
            .filter(|(other, plan)| news && other.id == product.id && plan.id != former.id)
            .map_or(&former, |(_, plan)| plan);
        let replaced = plan.id != former.id;
        let mut released = 0;
        if replaced {
            let agreed = addons(&after);
            grant(&mut after, plan, agreed.as_ref());
            license.plan_id = plan.id;
            released = self.fit_seats(tx, license.id, &after, plan).await?;
        }
        let paid_until = after.exp;
        maintain_until(&mut after, plan, paid_until);
        if after == *known.claims.claims() {
            return Ok(license);
        }
        let action = if known.claims.trial && !after.trial {
            "license.convert"
        } else if replaced {
            "license.change_plan"
        } else if later(after.exp, known.claims.exp) == after.exp {
            "license.renew"
        } else {
            "license.ends_earlier"
        };
        let amendment = Amendment {
            action,
            actor,
            product: &product,
            before: &known.claims,
            after,
            stale_tokens: replaced,
            key: Key::Follows,
            entry: Entry::new().fact("released", released),
        };
        Ok(self.amend(tx, license, amendment).await?.license)
    }

    async fn stand(
        &self,
        tx: &mut dyn Transaction,
        license: License,
        was: Standing,
        is: Standing,
        actor: &Actor,
    ) -> Result<(), AuthorityError> {
        if was == is {
            return Ok(());
        }
        let reason = || Some(REASON.to_owned());
        match (is, &license.state) {
            (Standing::Revoked, state) if !matches!(state, LicenseState::Revoked { .. }) => {
                self.revoke_in(tx, license, reason(), 0, actor).await?;
            }
            (Standing::Suspended, LicenseState::Active) => {
                self.suspend_in(tx, license, reason(), actor).await?;
            }
            // Not where an operator has suspended it for a reason of his own.
            (Standing::Good, LicenseState::Suspended { reason, .. })
                if reason.as_deref() == Some(REASON) =>
            {
                self.resume_in(tx, license, actor).await?;
            }
            _ => {}
        }
        Ok(())
    }
}

/// The later of two ends; none is never.
fn later(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    Some(one?.max(other?))
}

/// An address that licences can be issued to; others are paid for and wait for an operator.
fn is_usable(buyer: &Buyer) -> bool {
    check_email(&buyer.email).is_ok() && check_name("name", buyer.name.as_deref()).is_ok()
}
