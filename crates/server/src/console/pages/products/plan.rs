//! `/console/products/{code}/plans`: one plan with all that it says.

use std::collections::BTreeMap;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect};
use licentia_authority::{Authority, AuthorityError, version};
use licentia_protocol::catalog::{NewPlan, PlanFields};
use licentia_protocol::resource::Quota;
use serde_json::{Value, json};

use super::matrix::count;
use super::show::shown_one;
use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::view::{Done, encoded};
use crate::console::visitor::Visitor;
use crate::problem::Failure;

pub(crate) async fn create(
    State(authority): State<Authority>,
    Path(product): Path<String>,
    form: Form,
) -> Shown {
    let made = match new(&product, &form.fields) {
        Ok(request) => authority.create_plan(request, form.ask()).await,
        Err(error) => Err(error),
    };
    match made {
        Ok(_) => {
            let to = format!("/console/products/{}?done=plan_made", encoded(&product));
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "entered": form.fields.every() });
            let page = shown_one(&authority, &product, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

fn new(product: &str, fields: &Fields) -> Result<NewPlan, AuthorityError> {
    let code = fields.text("code");
    Ok(NewPlan {
        product: product.to_owned(),
        code,
        fields: PlanFields {
            tier: fields.some("tier"),
            rank: fields.number("rank")?,
            seats: Some(count("seats", &fields.text("seats"))?),
            nodes: Some(count("nodes", &fields.text("nodes"))?),
            ..PlanFields::default()
        },
    })
}

pub(crate) async fn show(
    State(authority): State<Authority>,
    Path((product, plan)): Path<(String, String)>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    page(&authority, product, plan, visitor, json!({ "done": done.word() })).await
}

async fn page(
    authority: &Authority,
    product: String,
    plan: String,
    visitor: Visitor,
    more: Value,
) -> Shown {
    let (visitor, shown) = authority.show_plan(product.clone(), plan).await.or_trouble(visitor)?;
    let (visitor, product) = authority.show_product(product).await.or_trouble(visitor)?;
    let all = json!({
        "section": "products",
        "product": product,
        "version": version(&shown),
        "plan": shown,
        "entered": {},
    });
    Ok(visitor.page_with("plan.html", all, more))
}

pub(crate) async fn update(
    State(authority): State<Authority>,
    Path((product, plan)): Path<(String, String)>,
    form: Form,
) -> Shown {
    let changed = match read(&form.fields) {
        Ok(fields) => {
            authority.update_plan(product.clone(), plan.clone(), fields, form.ask()).await
        }
        Err(error) => Err(error),
    };
    match changed {
        Ok(_) => {
            let (product, plan) = (encoded(&product), encoded(&plan));
            let to = format!("/console/products/{product}/plans/{plan}?done=plan");
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "entered": form.fields.every() });
            let page = page(&authority, product, plan, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

fn read(fields: &Fields) -> Result<PlanFields, AuthorityError> {
    let mut info = BTreeMap::new();
    for (name, value) in pairs(fields.raw("info"), "info")? {
        info.insert(name, value);
    }
    let mut quotas = BTreeMap::new();
    for (meter, rule) in pairs(fields.raw("quotas"), "quotas")? {
        let (per, kind) = rule.split_once(' ').unwrap_or((rule.as_str(), "soft"));
        quotas.insert(meter, Quota { per: per.to_owned(), kind: kind.trim().to_owned() });
    }
    Ok(PlanFields {
        tier: fields.some("tier"),
        rank: fields.number("rank")?,
        seats: Some(count("seats", &fields.text("seats"))?),
        nodes: Some(count("nodes", &fields.text("nodes"))?),
        overage: fields.number("overage")?,
        reclaim_after_s: Some(fields.number("reclaim_after_s")?),
        takeovers_per_day: fields.number("takeovers_per_day")?,
        on_clone: fields.some("on_clone"),
        on_chain_broken: fields.some("on_chain_broken"),
        trial_days: Some(fields.number("trial_days")?),
        heartbeat_interval_s: Some(fields.number("heartbeat_interval_s")?),
        grace_s: Some(fields.number("grace_s")?),
        contacts_per_minute: Some(fields.number("contacts_per_minute")?),
        quotas: Some(quotas),
        info: Some(info),
        ..PlanFields::default()
    })
}

/// `name = value`, one a line.
fn pairs(text: &str, field: &'static str) -> Result<Vec<(String, String)>, AuthorityError> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .map(|line| {
            let (name, value) = line.split_once('=').ok_or_else(|| AuthorityError::Invalid {
                field,
                problem: "write `name = value`, one a line".into(),
            })?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}
