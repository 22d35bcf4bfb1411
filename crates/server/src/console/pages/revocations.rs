//! `GET /console/revocations`: licences that were revoked, the latest first.

use axum::extract::{RawQuery, State};
use licentia_authority::Authority;
use serde_json::json;

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
    let page = authority.list_revocations(fields.some("after"), ROWS).await;
    let (visitor, page) = page.or_trouble(visitor)?;
    let shown = json!({
        "section": "revocations",
        "fields": fields.of(&["after"]),
        "revocations": page.items,
        "next": page.next,
    });
    Ok(visitor.page("revocations.html", shown))
}
