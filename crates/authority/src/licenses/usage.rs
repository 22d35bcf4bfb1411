//! What licences used: in all, or by hour, day or month as far back as hours are kept.

use licentia_model::Window;
use licentia_protocol::resource::{self, Page};
use licentia_storage::Transaction;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::export::Row;
use crate::licenses::list::missing;
use crate::paging::{Budget, Structured, cursor, limit_of, read_cursor};
use crate::seats::timestamp;
use crate::usage::span;

/// Hours that one look takes.
const HOURS: u32 = 500;

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this licence.
    pub license_id: Option<Uuid>,
    /// By `hour`, `day` or `month`; `total` or none: in all.
    pub per: Option<String>,
    /// Not before this second since the epoch; what the hour, day or month that it lies in holds before it is left out.
    pub since: Option<i64>,
    /// Before this second.
    pub until: Option<i64>,
    /// Where the last page ended.
    pub after: Option<String>,
    /// At most so many.
    pub limit: u32,
}

/// Where a list of usage stands.
#[derive(Serialize, Deserialize)]
struct AtMeter {
    license: Uuid,
    meter: String,
}

/// Where a list of hours stands.
#[derive(Serialize, Deserialize)]
struct AtHour {
    license: Uuid,
    meter: String,
    at: i64,
}

impl Structured for AtMeter {}
impl Structured for AtHour {}

impl Row for resource::Usage {
    const COLUMNS: &'static [&'static str] = &["license_id", "meter", "amount", "from", "until"];
}

impl Authority {
    /// A page of what was used, by licence, meter and time; of one licence or of all. A page by the day or month may be
    /// short, and the list goes on all the same.
    pub async fn list_usage(
        &self,
        filter: Filter,
    ) -> Result<Page<resource::Usage>, AuthorityError> {
        limit_of(filter.limit)?;
        let per = filter.per.as_deref().map_or(Ok(Window::Total), |per| {
            per.parse().map_err(|_| AuthorityError::Invalid {
                field: "per",
                problem: "it must be `hour`, `day`, `month` or `total`".into(),
            })
        })?;
        if per == Window::Total && (filter.since.is_some() || filter.until.is_some()) {
            let field = if filter.since.is_some() { "since" } else { "until" };
            let problem = "it needs `per` to be `hour`, `day` or `month`".into();
            return Err(AuthorityError::Invalid { field, problem });
        }
        self.read(move |_, tx| {
            Box::pin(async move {
                if let Some(id) = filter.license_id {
                    tx.license(id).await?.ok_or_else(|| missing(id))?;
                }
                match per {
                    Window::Total => totals(tx, &filter).await,
                    per => within(tx, &filter, per).await,
                }
            })
        })
        .await
    }
}

async fn totals(
    tx: &mut dyn Transaction,
    filter: &Filter,
) -> Result<Page<resource::Usage>, AuthorityError> {
    let after = filter.after.as_deref().map(read_cursor::<AtMeter>).transpose()?;
    let after = after.as_ref().map(|at| (at.license, at.meter.as_str()));
    let rows = tx.walk_usage(filter.license_id, after, filter.limit).await?;
    let full = rows.len() == filter.limit as usize;
    let total = |(license_id, meter, amount)| resource::Usage {
        license_id,
        meter,
        amount,
        from: None,
        until: None,
    };
    let items: Vec<_> = rows.into_iter().map(total).collect();
    let next = items.last().filter(|_| full);
    let next =
        next.map(|last| cursor(&AtMeter { license: last.license_id, meter: last.meter.clone() }));
    Ok(Page { items, next })
}

/// Adds up hours. A page ends between two sums and never within one, however many rows it has looked at.
async fn within(
    tx: &mut dyn Transaction,
    filter: &Filter,
    per: Window,
) -> Result<Page<resource::Usage>, AuthorityError> {
    let (since, until) = (filter.since.unwrap_or(i64::MIN), filter.until.unwrap_or(i64::MAX));
    let mut at = filter.after.as_deref().map(read_cursor::<AtHour>).transpose()?;
    let (mut items, mut budget) = (Vec::<resource::Usage>::new(), Budget::default());
    loop {
        let after = at.as_ref().map(|at| (at.license, at.meter.as_str(), at.at));
        let rows = tx.walk_usage_hours(filter.license_id, after, HOURS).await?;
        let last_rows = rows.len() < HOURS as usize;
        for (license_id, meter, hour, amount) in rows {
            let span = span(per, hour);
            let from = span.map(|span| timestamp(span.0));
            let wanted = (since..until).contains(&hour);
            let goes_on = wanted
                && items.last().is_some_and(|last| {
                    (last.license_id, &last.meter, last.from) == (license_id, &meter, from)
                });
            if !goes_on && (budget.is_spent() || wanted && items.len() == filter.limit as usize) {
                return Ok(Page { items, next: at.as_ref().map(cursor) });
            }
            if goes_on {
                if let Some(sum) = items.last_mut() {
                    sum.amount = sum.amount.saturating_add(amount);
                }
            } else if wanted {
                let until = span.map(|span| timestamp(span.1));
                let meter = meter.clone();
                items.push(resource::Usage { license_id, meter, amount, from, until });
            }
            budget.spend(1);
            at = Some(AtHour { license: license_id, meter, at: hour });
        }
        if last_rows {
            return Ok(Page { items, next: None });
        }
    }
}
