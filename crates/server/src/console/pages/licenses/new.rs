//! `/console/licenses/new`: one form with a preview of what it would become.

use axum::extract::{RawQuery, State};
use axum::response::Response;
use licentia_authority::licenses::issue::Order;
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::licenses::{Addons, NewLicense, NewLicenses};
use serde_json::{Value, json};

use super::act::{addons, term};
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::visitor::Visitor;
use crate::problem::Failure;

/// Most licences that one form issues.
const MOST: u32 = 1_000;

pub(crate) async fn show(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Shown {
    // `?product=…&email=…` fills the form.
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    page(&authority, visitor, json!({ "fields": fields.every() })).await
}

pub(crate) async fn send(State(authority): State<Authority>, form: Form) -> Shown {
    match issue(&authority, &form).await {
        Ok(shown) => Ok(form.visitor.page("license_made.html", shown)),
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "fields": form.fields.every() });
            let page = page(&authority, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

/// The part of the page that follows the form.
pub(crate) async fn preview(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    visitor: Visitor,
) -> Response {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let shown = match previewed(&authority, &fields).await {
        Ok(preview) => json!({ "preview": preview, "why": null }),
        Err(error) => json!({ "preview": null, "why": shown(&Failure::from(error)) }),
    };
    visitor.page("license_preview.html", shown)
}

async fn previewed(authority: &Authority, fields: &Fields) -> Result<Value, AuthorityError> {
    let mut request = order(fields)?;
    if request.email.is_empty() {
        // Not entered yet: the rest can be shown all the same.
        request.email = "customer@example.com".into();
    }
    let preview = authority.preview(Order::read(request)?).await?;
    let product = authority.show_product(fields.text("product")).await?;
    let mut value = serde_json::to_value(preview).unwrap_or_default();
    let ends = value["claims"]["exp"].as_i64().and_then(|at| jiff::Timestamp::from_second(at).ok());
    value["expires_at"] = ends.map(|at| at.to_string()).into();
    value["product"] = serde_json::to_value(product).unwrap_or_default();
    Ok(value)
}

async fn page(authority: &Authority, visitor: Visitor, more: Value) -> Shown {
    let (visitor, products) = authority.list_products().await.or_trouble(visitor)?;
    let (visitor, plans) = authority.list_plans(None).await.or_trouble(visitor)?;
    let all = json!({ "section": "licenses", "products": products, "plans": plans });
    Ok(visitor.page_with("license_new.html", all, more))
}

async fn issue(authority: &Authority, form: &Form) -> Result<Value, AuthorityError> {
    let count: u32 = form.fields.number("count")?.unwrap_or(1);
    let order = order(&form.fields)?;
    if count == 1 {
        let license = authority.issue(Order::read(order)?, form.ask()).await?;
        return Ok(json!({ "section": "licenses", "license": license, "again": false }));
    }
    if !(1..=MOST).contains(&count) {
        let problem = format!("it must be 1 to {MOST}; for more, use `licentia license issue`");
        return Err(AuthorityError::Invalid { field: "count", problem });
    }
    let many = NewLicenses { count: Some(count), like: Some(order), ..NewLicenses::default() };
    let licenses = authority.issue_many(many, form.ask()).await?;
    Ok(json!({ "section": "licenses", "licenses": licenses, "license": null, "again": false }))
}

fn order(fields: &Fields) -> Result<NewLicense, AuthorityError> {
    let agreed = addons(fields)?;
    let mut attributes = std::collections::BTreeMap::new();
    for line in fields.raw("attributes").lines().filter(|line| !line.trim().is_empty()) {
        let (name, value) = line.split_once('=').ok_or(AuthorityError::Invalid {
            field: "attributes",
            problem: "write `name = value`, one a line".into(),
        })?;
        attributes.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    Ok(NewLicense {
        product: fields.text("product"),
        plan: fields.some("plan"),
        scheme: fields.some("scheme"),
        email: fields.text("email"),
        name: fields.some("name"),
        organization: fields.some("organization"),
        term: term(fields)?,
        starts_at: fields.time("starts_at", false)?,
        trial: fields.on("trial"),
        another_trial: false,
        bind: fields.some("bind"),
        attributes,
        addons: (agreed != Addons::default()).then_some(agreed),
    })
}
