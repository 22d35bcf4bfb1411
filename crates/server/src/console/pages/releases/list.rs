//! `GET /console/releases`.

use axum::extract::{Query, RawQuery, State};
use licentia_authority::Authority;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::console::form::Fields;
use crate::console::trouble::{OrTrouble, Shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;

const ROWS: u32 = 50;

pub(crate) async fn handler(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    listed(&authority, &fields, visitor, json!({ "done": done.word() })).await
}

pub(super) async fn listed(
    authority: &Authority,
    fields: &Fields,
    visitor: Visitor,
    more: Value,
) -> Shown {
    let after = fields.some("after").and_then(|after| after.parse::<Uuid>().ok());
    let releases = authority.list_releases(fields.some("product"), after, ROWS + 1).await;
    let (visitor, mut releases) = releases.or_trouble(visitor)?;
    let (visitor, products) = authority.list_products().await.or_trouble(visitor)?;
    let more_of_them = releases.len() > ROWS as usize;
    releases.truncate(ROWS as usize);
    let next = releases.last().filter(|_| more_of_them).map(|release| release.id);
    let all = json!({
        "section": "releases",
        "fields": fields.of(&["product", "after"]),
        "products": products,
        "releases": releases,
        "next": next,
        "entered": {},
    });
    Ok(visitor.page_with("releases.html", all, more))
}
