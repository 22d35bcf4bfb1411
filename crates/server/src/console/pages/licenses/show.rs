//! `GET /console/licenses/{id}`.

use axum::extract::{Query, State};
use licentia_authority::activations::list::Filter as SeatFilter;
use licentia_authority::audit::list::Filter as AuditFilter;
use licentia_authority::jobs::Filter as JobFilter;
use licentia_authority::{Authority, AuthorityError, version};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::admin::query::Path;
use crate::console::trouble::{OrTrouble, Shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;

/// Rows of the trail and seats that are shown; each has its own list for all of them.
const ROWS: u32 = 50;
/// The last releases and downloads.
const LATEST: u32 = 5;

pub(crate) async fn handler(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let (visitor, mut shown) = all_of(&authority, id).await.or_trouble(visitor)?;
    shown["done"] = done.word().into();
    Ok(visitor.page("license.html", shown))
}

async fn all_of(authority: &Authority, id: Uuid) -> Result<Value, AuthorityError> {
    let license = authority.show_license(id).await?;
    let seats = SeatFilter { license_id: Some(id), limit: ROWS, ..SeatFilter::default() };
    let seats = authority.page_of_activations(seats).await?;
    let subject = Some(format!("license:{id}"));
    let trail = AuditFilter { subject, limit: ROWS, ..AuditFilter::default() };
    let sent = JobFilter { license: Some(id), limit: 10, ..JobFilter::default() };
    let fetched = AuditFilter {
        subject: Some(format!("license:{id}")),
        action: Some("release.download".into()),
        limit: LATEST,
        ..AuditFilter::default()
    };
    let plan = authority.show_plan(license.product.clone(), license.plan.clone()).await?;
    Ok(json!({
        "section": "licenses",
        "version": version(&license),
        "live": seats.items.iter().filter(|seat| seat.live).count(),
        "more_seats": seats.next.is_some(),
        "seats": seats.items,
        "usage": authority.license_usage(id).await?,
        "keys": authority.license_keys(id).await?,
        "trail": authority.list_audit(trail).await?,
        "plan": plan,
        "sent": authority.list_jobs(sent).await?.items,
        "covered": authority.releases_of_license(id, LATEST as usize).await?,
        "fetched": authority.list_audit(fetched).await?,
        "pull_tokens": authority.list_pull_tokens(id, None, ROWS).await?,
        "license": license,
    }))
}
