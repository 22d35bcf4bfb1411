//! Forgets a customer: what is personal goes, what happened stays, with the trail as whole as before.

use licentia_license::License as Claims;
use licentia_license::claims::Customer as CustomerClaim;
use licentia_license::erasure::Erasure;
use licentia_model::{Customer, EventKind, License, LicenseState};
use licentia_protocol::privacy::{Erase, ErasureReceipt};
use licentia_storage::Transaction;
use uuid::Uuid;

use super::list::missing;
use super::{FIRST, licenses_from};
use crate::ask::Ask;
use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::licenses::grant::is_reserved;
use crate::mail;
use crate::payments::Fact;
use crate::seats::timestamp;

/// What the address of a forgotten customer ends with (RFC 2606: it is nobody's).
pub(crate) const NOBODY: &str = "@erased.invalid";

impl Authority {
    /// Erases a customer. One who holds licences in force is only forgotten once they are ended, at the latest by this.
    pub async fn erase_customer(
        &self,
        id: Uuid,
        request: Erase,
        ask: impl Into<Ask> + Send,
    ) -> Result<ErasureReceipt, AuthorityError> {
        let ask = ask.into();
        self.carry_out_and_keep(ask, move |this, tx, ask| {
            Box::pin(async move {
                let customer = tx.customer(id).await?.ok_or_else(|| missing(id))?;
                let licenses = this.licenses_of(tx, id).await?;
                let now = this.clock().now();
                let in_force = |license: &&License| is_in_force(license, now);
                if !request.end_licenses && licenses.iter().any(|license| in_force(&license)) {
                    return Err(AuthorityError::NotAllowed {
                        what: "customer",
                        action: "erased",
                        state: "the holder of licences in force; end them first, or say `end_licenses`",
                    });
                }
                let mut done = Erasure {
                    iss: this.issuer().to_owned(),
                    sub: id.to_string(),
                    iat: now,
                    licenses: 0,
                    keys: 0,
                    activations: 0,
                    payments: 0,
                    audit_values: 0,
                    mails: 0,
                };
                for license in licenses {
                    this.forget_holder(tx, license, &mut done, &ask.actor).await?;
                }
                this.forget_name(tx, customer, &mut done).await?;
                let entry = Entry::change("known", "erased")
                    .fact("licenses", done.licenses)
                    .fact("keys", done.keys)
                    .fact("activations", done.activations)
                    .fact("payments", done.payments)
                    .fact("audit_values", done.audit_values)
                    .fact("mails", done.mails);
                this.record(tx, &ask.actor, "customer.erase", format!("customer:{id}"), entry).await?;
                Ok(ErasureReceipt {
                    customer_id: id,
                    erased_at: timestamp(now),
                    licenses: done.licenses,
                    keys: done.keys,
                    activations: done.activations,
                    payments: done.payments,
                    audit_values: done.audit_values,
                    mails: done.mails,
                    receipt: this.sign(&done)?,
                })
            })
        })
        .await
    }

    /// All licences of a customer, locked.
    async fn licenses_of(
        &self,
        tx: &mut dyn Transaction,
        customer_id: Uuid,
    ) -> Result<Vec<License>, AuthorityError> {
        let (mut all, mut after) = (Vec::new(), Some(FIRST));
        while let Some(place) = after {
            let (page, next) = licenses_from(tx, customer_id, place).await?;
            for license in page {
                all.extend(tx.lock_license(license.id).await?);
            }
            after = next;
        }
        Ok(all)
    }

    /// A licence that names nobody: signed anew for an id, and its former texts are gone.
    async fn forget_holder(
        &self,
        tx: &mut dyn Transaction,
        mut license: License,
        done: &mut Erasure,
        actor: &Actor,
    ) -> Result<(), AuthorityError> {
        let now = self.clock().now();
        let id = license.id;
        if is_in_force(&license, now) {
            let before = license.state.as_str();
            license.state = license.state.cancel(now, Some("erased".into())).map_err(|e| {
                AuthorityError::NotAllowed { what: "licence", action: "cancelled", state: e.0 }
            })?;
            license.token_version += 1;
            tx.insert_event(Some(id), EventKind::Changed, now).await?;
            let entry = Entry::change(before, license.state.as_str());
            self.announce(tx, actor, "license.cancel", id, entry).await?;
        }
        let before = self.claims_of(tx, &license).await?;
        let mut claims = Claims {
            jti: self.uuid().to_string().into(),
            iat: now,
            bind: None,
            customer: Some(CustomerClaim {
                id: license.customer_id.to_string().into(),
                name: None,
                email: None,
                organization: None,
            }),
            ..before.claims().clone()
        };
        claims.attributes.retain(|name, _| is_reserved(name));
        let was = license.jti;
        let record = self.sign_record(tx, &license, claims, now).await?;
        license.jti = record.jti;
        if license.key_jti == was {
            license.key_jti = record.jti;
        }
        // A reason is an operator's own words, and may name somebody.
        match &mut license.state {
            LicenseState::Active => {}
            LicenseState::Suspended { reason, .. }
            | LicenseState::Cancelled { reason, .. }
            | LicenseState::Revoked { reason, .. } => *reason = None,
        }
        license.updated_at = now;
        tx.update_license(&license).await?;
        self.forget_claims(id);
        done.licenses += 1;
        done.keys += tx.erase_license_keys(id, record.jti).await?;
        done.activations += tx.erase_activations(id).await?;
        done.audit_values += tx.erase_audit_values(&subject(id)).await?;
        done.mails += tx.erase_jobs(id, mail::KIND).await?;
        tx.forget_trial_machines(id).await?;
        for purchase in tx.purchases_of_license(id).await? {
            let about = format!("purchase:{}", purchase.id);
            done.audit_values += tx.erase_audit_values(&about).await?;
            for event in tx.payment_events(purchase.id).await? {
                let Ok(Fact::Paid { amount, prices, until, buyer: Some(_), license }) =
                    serde_json::from_str(&event.facts)
                else {
                    continue;
                };
                let fact = Fact::Paid { amount, prices, until, buyer: None, license };
                let facts = serde_json::to_string(&fact).unwrap_or_default();
                tx.replace_payment_facts(event.id, &facts).await?;
                done.payments += 1;
            }
        }
        Ok(())
    }

    async fn forget_name(
        &self,
        tx: &mut dyn Transaction,
        customer: Customer,
        done: &mut Erasure,
    ) -> Result<(), AuthorityError> {
        let id = customer.id;
        done.mails += tx.erase_jobs_known_by(&self.log_ins_of(&customer.email)).await?;
        let nobody =
            Customer { email: format!("{id}{NOBODY}"), name: None, organization: None, ..customer };
        tx.update_customer(&nobody).await?;
        done.audit_values += tx.erase_audit_values(&format!("customer:{id}")).await?;
        Ok(())
    }
}

/// Whether somebody may still use it.
fn is_in_force(license: &License, now: i64) -> bool {
    let lasts = license.expires_at.is_none_or(|end| now < end);
    lasts && matches!(license.state, LicenseState::Active | LicenseState::Suspended { .. })
}
