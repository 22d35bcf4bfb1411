//! `GET /console/usage`: what licences used, by meter.

use axum::extract::{RawQuery, State};
use licentia_authority::licenses::usage::Filter;
use licentia_authority::{Authority, AuthorityError};
use serde_json::json;
use uuid::Uuid;

use crate::console::form::Fields;
use crate::console::trouble::{OrTrouble, Shown};
use crate::console::visitor::Visitor;

const ROWS: u32 = 50;

pub(crate) async fn handler(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let license = fields.some("license").map(|id| {
        id.parse::<Uuid>().map_err(|_| AuthorityError::NotFound { what: "licence", name: id })
    });
    let (visitor, license) = license.transpose().or_trouble(visitor)?;
    let filter = Filter {
        license_id: license,
        after: fields.some("after"),
        limit: ROWS,
        ..Filter::default()
    };
    let page = authority.list_usage(filter).await;
    let (visitor, page) = page.or_trouble(visitor)?;
    let shown = json!({
        "section": "usage",
        "fields": fields.of(&["license", "after"]),
        "usage": page.items,
        "next": page.next,
    });
    Ok(visitor.page("usage.html", shown))
}
