//! `/console/products/{code}`: what a product is, and its plans side by side.

use std::collections::BTreeSet;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use licentia_authority::{Authority, AuthorityError, version};
use licentia_protocol::catalog::ProductFields;
use licentia_protocol::resource::{Meter, Plan};
use serde_json::{Value, json};

use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form, number};
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::view::{Done, encoded};
use crate::console::visitor::Visitor;
use crate::problem::Failure;

pub(crate) async fn show(
    State(authority): State<Authority>,
    Path(code): Path<String>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    shown_one(&authority, &code, visitor, json!({ "done": done.word() })).await
}

pub(super) async fn shown_one(
    authority: &Authority,
    code: &str,
    visitor: Visitor,
    more: Value,
) -> Shown {
    let (visitor, product) = authority.show_product(code.to_owned()).await.or_trouble(visitor)?;
    let plans = authority.list_plans(Some(code.to_owned())).await;
    let (visitor, plans) = plans.or_trouble(visitor)?;
    let all = json!({
        "section": "products",
        "version": version(&product),
        "product": product,
        "rows": rows(&plans),
        "plans": plans.iter().map(|plan| {
            let mut shown = json!(plan);
            shown["version"] = version(plan).into();
            shown
        }).collect::<Vec<_>>(),
        "entered": {},
    });
    Ok(visitor.page_with("product.html", all, more))
}

/// The rows of the matrix: every feature and every limit that a plan names.
fn rows(plans: &[Plan]) -> Value {
    // Features in the order of the plans, where the lowest comes first.
    let mut features: Vec<&String> = Vec::new();
    for feature in plans.iter().flat_map(|plan| &plan.features) {
        if !features.contains(&feature) {
            features.push(feature);
        }
    }
    let limits: BTreeSet<&String> = plans.iter().flat_map(|plan| plan.limits.keys()).collect();
    json!({ "features": features, "limits": limits })
}

pub(crate) async fn update(
    State(authority): State<Authority>,
    Path(code): Path<String>,
    form: Form,
) -> Shown {
    let changed = match read(&form.fields) {
        Ok(fields) => authority.update_product(code.clone(), fields, form.ask()).await,
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => {
            let to = format!("/console/products/{}?done=product", encoded(&code));
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "entered": form.fields.every() });
            let page = shown_one(&authority, &code, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

fn read(fields: &Fields) -> Result<ProductFields, AuthorityError> {
    let mut meters = Vec::new();
    for line in fields.raw("meters").lines().filter(|line| !line.trim().is_empty()) {
        let mut words = line.split(',').map(str::trim);
        let name = words.next().unwrap_or_default().to_owned();
        let unit = words.next().unwrap_or_default().to_owned();
        let scale = words.next().map_or(Ok(0), |scale| number("meters", scale))?;
        meters.push(Meter { name, unit, scale });
    }
    Ok(ProductFields {
        name: fields.some("name"),
        scheme: fields.some("scheme"),
        enforcement: fields.some("enforcement"),
        heartbeat_interval_s: fields.number("heartbeat_s")?,
        grace_s: fields.number("grace_s")?,
        default_plan: fields.some("default_plan"),
        meters: Some(meters),
        ..ProductFields::default()
    })
}
