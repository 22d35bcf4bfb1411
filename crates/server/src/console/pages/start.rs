//! `/console/start`: from an empty authority to the first licence on one page.

use axum::extract::State;
use axum::http::HeaderMap;
use licentia_authority::licenses::issue::Order;
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::catalog::{NewPlan, NewProduct, PlanFields, ProductFields};
use licentia_protocol::licenses::{NewLicense, Term};
use serde_json::{Value, json};

use crate::console::form::{Fields, Form};
use crate::console::trouble::{Shown, as_told, shown};
use crate::console::visitor::Visitor;
use crate::problem::Failure;

pub(crate) async fn show(visitor: Visitor) -> Shown {
    let fields = Fields::default().every();
    Ok(visitor.page("start.html", json!({ "section": "overview", "fields": fields, "made": null })))
}

pub(crate) async fn send(
    State(authority): State<Authority>,
    headers: HeaderMap,
    form: Form,
) -> Shown {
    let fields = form.fields.every();
    match start(&authority, &form).await {
        Ok(mut made) => {
            let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
            let scheme = if headers.contains_key("x-forwarded-proto") { "https" } else { "http" };
            made["server"] = format!("{scheme}://{host}").into();
            let shown = json!({ "section": "overview", "fields": fields, "made": made });
            Ok(form.visitor.page("start.html", shown))
        }
        Err(error) => {
            let failure = Failure::from(error);
            let error = shown(&failure);
            let shown =
                json!({ "section": "overview", "fields": fields, "made": null, "error": error });
            Ok(as_told(form.visitor.page("start.html", shown), failure))
        }
    }
}

async fn start(authority: &Authority, form: &Form) -> Result<Value, AuthorityError> {
    let fields = &form.fields;
    let (code, plan) = (fields.text("code"), fields.text("plan"));
    // What an earlier try has made already stays as it is.
    let made = authority.show_product(code.clone()).await;
    if let Err(AuthorityError::NotFound { .. }) = made {
        let product = NewProduct {
            code: code.clone(),
            fields: ProductFields {
                name: fields.some("name").or_else(|| Some(code.clone())),
                enforcement: fields.some("enforcement"),
                default_plan: Some(plan.clone()),
                ..ProductFields::default()
            },
        };
        authority.create_product(product, form.visitor.actor()).await?;
    }
    let known = authority.show_plan(code.clone(), plan.clone()).await;
    if let Err(AuthorityError::NotFound { .. }) = known {
        let features = fields.raw("features").split(|c: char| c == ',' || c.is_whitespace());
        let features: Vec<String> =
            features.filter(|word| !word.is_empty()).map(str::to_owned).collect();
        let new = NewPlan {
            product: code.clone(),
            code: plan.clone(),
            fields: PlanFields {
                tier: Some(plan.to_uppercase().replace('-', "_")),
                rank: Some(1),
                seats: Some(fields.number("seats")?),
                features: Some(features),
                ..PlanFields::default()
            },
        };
        authority.create_plan(new, form.visitor.actor()).await?;
    }
    let order = NewLicense {
        product: code.clone(),
        plan: Some(plan),
        email: fields.text("email"),
        organization: fields.some("organization"),
        term: Term { days: fields.number("days")?, ..Term::default() },
        ..NewLicense::default()
    };
    let license = authority.issue(Order::read(order)?, form.ask()).await?;
    let product = authority.show_product(code).await?;
    let trust = authority.trust().to_text();
    let feature = license.features.first().cloned();
    Ok(json!({ "license": license, "product": product, "trust": trust, "feature": feature }))
}
