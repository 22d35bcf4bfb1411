//! Tells whose licence ends: so many days before, and when it has ended. Queued as messages, a page of licences in a
//! transaction, with the place where the next page begins; so it goes on where it was cut short, tells nobody twice,
//! and needs the memory of one page, however many end on one day.

use licentia_model::{License, LicenseState};
use licentia_storage::licenses::{Path, Walk};
use licentia_storage::{Place, Transaction};
use serde_json::json;
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::payments::fold::Target;
use crate::webhooks::events::{EXPIRED, EXPIRING, TRIAL_ENDING};

const DAY: i64 = 86_400;
/// Licences of one transaction.
const PAGE: u32 = 500;

/// What one step did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Noticed {
    /// Licences that were looked at.
    pub looked_at: u64,
    /// Of whom somebody is told.
    pub told: u64,
    /// There is more to look at now.
    pub more: bool,
}

impl Authority {
    /// A step for one notice of `all`: `days` before the end; 0: those that have ended.
    pub async fn notice(&self, days: u32, all: &[u32]) -> Result<Noticed, AuthorityError> {
        // The next one that is nearer to the end.
        let nearer = all.iter().copied().filter(|other| *other < days).max().unwrap_or(0);
        self.write(move |this, tx| {
            Box::pin(async move {
                tx.lock_dispatch().await?;
                let now = this.clock().now();
                let until = now.saturating_add(i64::from(days) * DAY);
                let name = format!("notice/{days}");
                let stored = tx.setting(&name).await?.and_then(|text| place(&text));
                // The first time, what has ended long ago is left alone.
                let after = stored.unwrap_or(Place { at: now, id: Uuid::max() });
                let walk = Walk { path: Path::Ending, descending: false, after, limit: PAGE };
                let page = tx.walk_licenses(&walk).await?;
                let full = page.len() == PAGE as usize;
                let (mut done, mut last) = (Noticed::default(), None);
                for license in page {
                    done.looked_at += 1;
                    // A row that was edited may say another end than the one that it is found by: it is passed by, and
                    // those behind it are not.
                    let Some(end) = license.expires_at.filter(|end| *end <= until) else {
                        continue;
                    };
                    last = last.max(Some((end, license.id)));
                    if let Some(kind) = due(tx, &license, end, now, days, nearer).await? {
                        let left = (end - now + DAY - 1).div_euclid(DAY).max(0);
                        let facts = json!({
                            "days": left, "expires_at": end, "trial": license.trial,
                            "customer": license.customer_id,
                        });
                        tx.enqueue(license.id, kind, &facts.to_string(), None, now).await?;
                        done.told += 1;
                    }
                }
                // At the end of the page or of all that is due: what is issued later into this time was told its end
                // that very day.
                let last = last.filter(|last| full && *last > (after.at, after.id));
                done.more = last.is_some();
                let reached = match last {
                    Some((at, id)) => Place { at, id },
                    None => Place { at: until, id: Uuid::max() },
                };
                if (reached.at, reached.id) > (after.at, after.id) || stored.is_none() {
                    tx.put_setting(&name, &format!("{}:{}", reached.at, reached.id)).await?;
                }
                Ok(done)
            })
        })
        .await
    }
}

/// Whether to tell, and what.
async fn due(
    tx: &mut dyn Transaction,
    license: &License,
    end: i64,
    now: i64,
    days: u32,
    nearer: u32,
) -> Result<Option<&'static str>, AuthorityError> {
    if days == 0 {
        let alive = matches!(license.state, LicenseState::Active | LicenseState::Suspended { .. });
        return Ok(alive.then_some(EXPIRED));
    }
    let told_by_nearer = end - now <= i64::from(nearer) * DAY;
    if license.state != LicenseState::Active || end <= now || told_by_nearer {
        return Ok(None);
    }
    // Nobody is reminded on the day after he was given it: thirty days before the end of a month's licence.
    let given = tx.license_key(license.jti).await?.map_or(license.created_at, |key| key.issued_at);
    if end - i64::from(days) * DAY <= given + DAY {
        return Ok(None);
    }
    // Who pays by the month is not told each month that it ends: only at last, when the payment is late.
    if nearer > 0 && renews(tx, license.id, end).await? {
        return Ok(None);
    }
    Ok(Some(if license.trial { TRIAL_ENDING } else { EXPIRING }))
}

/// Whether a subscription goes on beyond this end by itself.
async fn renews(tx: &mut dyn Transaction, id: Uuid, end: i64) -> Result<bool, AuthorityError> {
    let purchases = tx.purchases_of_license(id).await?;
    let applied = purchases.iter().filter_map(|purchase| purchase.applied.as_deref());
    let mut targets = applied.filter_map(|text| serde_json::from_str::<Target>(text).ok());
    Ok(targets.any(|target| target.renews && target.ends_at == Some(end)))
}

fn place(text: &str) -> Option<Place> {
    let (at, id) = text.split_once(':')?;
    Some(Place { at: at.parse().ok()?, id: Uuid::parse_str(id).ok()? })
}
