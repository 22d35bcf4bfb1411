//! All that is kept of a customer, for himself.

use licentia_model::Activation;
use licentia_protocol::privacy::{CustomerData, Installation};
use licentia_protocol::resource;
use licentia_storage::audit::AuditFilter;
use licentia_storage::jobs::Path;
use licentia_storage::{Place, Transaction};
use uuid::Uuid;

use super::list::named;
use super::{FIRST, customer_view, licenses_from};
use crate::audit::list::view as audit_view;
use crate::authority::Authority;
use crate::credential::subject;
use crate::error::AuthorityError;
use crate::jobs::list::job_view;
use crate::seats::timestamp;

const PAGE: u32 = 500;
/// Most licences of one customer that are told in one document.
const MOST: usize = 10_000;

impl Authority {
    /// What is kept of a customer, by id or e-mail address; of the trail, with his personal values.
    pub async fn customer_data(&self, name: String) -> Result<CustomerData, AuthorityError> {
        self.read(move |this, tx| {
            Box::pin(async move {
                let customer = named(tx, &name).await?;
                let mut data = CustomerData {
                    customer: customer_view(customer.clone()),
                    licenses: Vec::new(),
                    installations: Vec::new(),
                    usage: Vec::new(),
                    payments: Vec::new(),
                    messages: Vec::new(),
                    audit: Vec::new(),
                };
                trail(tx, format!("customer:{}", customer.id), &mut data).await?;
                let links = tx.jobs_known_by(&this.log_ins_of(&customer.email), PAGE).await?;
                data.messages.extend(links.iter().map(job_view));
                let mut after = Some(FIRST);
                while let Some(place) = after {
                    if data.licenses.len() >= MOST {
                        return Err(AuthorityError::Invalid {
                            field: "id",
                            problem: "he has more than 10,000 licences; export them as lists"
                                .into(),
                        });
                    }
                    let (page, next) = licenses_from(tx, customer.id, place).await?;
                    for license in page {
                        let id = license.id;
                        data.licenses.push(this.view(tx, license).await?);
                        of_license(tx, id, &mut data).await?;
                    }
                    after = next;
                }
                Ok(data)
            })
        })
        .await
    }
}

async fn of_license(
    tx: &mut dyn Transaction,
    id: Uuid,
    data: &mut CustomerData,
) -> Result<(), AuthorityError> {
    let mut after = Place { at: i64::MIN, id: Uuid::nil() };
    loop {
        let page = tx.walk_activations(Some(id), false, after, PAGE).await?;
        let full = page.len() == PAGE as usize;
        if let Some(last) = page.last() {
            after = Place { at: last.created_at, id: last.id };
        }
        for activation in page {
            data.installations.push(installation(activation));
        }
        if !full {
            break;
        }
    }
    for (meter, amount) in tx.usage_totals(id).await? {
        data.usage.push(resource::Usage { license_id: id, meter, amount, from: None, until: None });
    }
    for purchase in tx.purchases_of_license(id).await? {
        for event in tx.payment_events(purchase.id).await? {
            data.payments.push(resource::Payment {
                provider: event.provider,
                event: event.event,
                kind: event.kind,
                purchase: event.purchase_id,
                license: purchase.license_id,
                at: timestamp(event.at),
                received_at: timestamp(event.received_at),
            });
        }
    }
    jobs(tx, id, data).await?;
    trail(tx, subject(id), data).await
}

async fn jobs(
    tx: &mut dyn Transaction,
    license: Uuid,
    data: &mut CustomerData,
) -> Result<(), AuthorityError> {
    let mut before = u64::MAX;
    loop {
        let page = tx.walk_jobs(Path::OfLicense(license), before, PAGE).await?;
        data.messages.extend(page.iter().map(job_view));
        match page.last() {
            Some(last) if page.len() == PAGE as usize => before = last.seq,
            _ => return Ok(()),
        }
    }
}

fn installation(activation: Activation) -> Installation {
    Installation {
        id: activation.id,
        license_id: activation.license_id,
        cluster_id: activation.cluster_id,
        hostname: activation.hostname,
        addresses: activation.addresses,
        fingerprint: activation.fingerprint,
        email: activation.email,
        organization: activation.organization,
        terms_accepted_at: activation.terms_accepted_at.map(timestamp),
        created_at: timestamp(activation.created_at),
        activated_at: timestamp(activation.activated_at),
    }
}

async fn trail(
    tx: &mut dyn Transaction,
    subject: String,
    data: &mut CustomerData,
) -> Result<(), AuthorityError> {
    let mut before = None;
    loop {
        let filter = AuditFilter {
            actor: None,
            action: None,
            subject: Some(subject.clone()),
            since: i64::MIN,
            until: i64::MAX,
            before,
            limit: PAGE,
        };
        let page = tx.audit_page(&filter).await?;
        let full = page.len() == PAGE as usize;
        before = page.last().map(|row| row.seq);
        for row in page {
            let secrets = tx.audit_secrets(row.seq).await?;
            let personal = secrets.into_iter().map(|secret| (secret.field, secret.value)).collect();
            data.audit.push(audit_view(row, personal));
        }
        if !full {
            return Ok(());
        }
    }
}
