//! `GET /console/licenses`.

use axum::extract::{RawQuery, State};
use licentia_authority::licenses::list::{Filter, STATES};
use licentia_authority::{Authority, AuthorityError};
use serde_json::json;

use crate::console::form::Fields;
use crate::console::trouble::{OrTrouble, Shown};
use crate::console::visitor::Visitor;

/// Rows of a page.
const ROWS: u32 = 50;
const NAMES: [&str; 8] =
    ["search", "state", "product", "plan", "customer", "ends_before", "sort", "after"];

pub(crate) async fn handler(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let (visitor, filter) = filter(&fields).or_trouble(visitor)?;
    let (visitor, products) = authority.list_products().await.or_trouble(visitor)?;
    let (visitor, page) = authority.list_licenses(filter).await.or_trouble(visitor)?;
    let narrowed = NAMES[..6].iter().any(|name| fields.some(name).is_some());
    let shown = json!({
        "section": "licenses",
        "fields": fields.of(&NAMES),
        "narrowed": narrowed,
        "states": STATES,
        "products": products,
        "licenses": page.items,
        "next": page.next,
        "done": fields.some("done").filter(|done| done == "bulk"),
    });
    Ok(visitor.page("licenses.html", shown))
}

fn filter(fields: &Fields) -> Result<Filter, AuthorityError> {
    Ok(Filter {
        product: fields.some("product"),
        plan: fields.some("plan"),
        customer: fields.some("customer"),
        state: fields.some("state"),
        ends_before: fields.time("ends_before", true)?.map(|at| at.as_second()),
        search: fields.some("search"),
        sort: fields.some("sort").map(|sort| sort.parse()).transpose()?,
        after: fields.some("after"),
        limit: ROWS,
    })
}
