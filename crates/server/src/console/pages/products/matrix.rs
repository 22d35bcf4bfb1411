//! `POST /console/products/{code}/matrix`: features and limits of all plans at once. A plan that was not changed is
//! left alone; one that somebody else has changed meanwhile is refused.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use licentia_authority::{Ask, Authority, AuthorityError};
use licentia_protocol::catalog::PlanFields;
use licentia_protocol::resource::Plan;
use serde_json::json;

use super::show::shown_one;
use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form, number};
use crate::console::trouble::{Shown, as_told, shown};
use crate::console::view::encoded;
use crate::problem::Failure;

pub(crate) async fn send(
    State(authority): State<Authority>,
    Path(code): Path<String>,
    form: Form,
) -> Shown {
    match saved(&authority, &code, &form).await {
        Ok(()) => {
            let to = format!("/console/products/{}?done=matrix", encoded(&code));
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure) });
            let page = shown_one(&authority, &code, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

async fn saved(authority: &Authority, code: &str, form: &Form) -> Result<(), AuthorityError> {
    let plans = authority.list_plans(Some(code.to_owned())).await?;
    // All of it is read before anything is saved: a mistake in one column changes none.
    let mut changes = Vec::new();
    for plan in plans {
        let fields = read(&form.fields, &plan)?;
        let same = fields.seats == Some(plan.seats)
            && fields.nodes == Some(plan.nodes)
            && fields.features.as_ref() == Some(&plan.features)
            && fields.limits.as_ref() == Some(&plan.limits);
        if !same {
            changes.push((plan.code, fields));
        }
    }
    for (plan, fields) in changes {
        let version = form.fields.some(&format!("version:{plan}"));
        let only_if = Some(version.into_iter().collect());
        let ask = Ask { only_if, ..Ask::from(form.visitor.actor()) };
        authority.update_plan(code.to_owned(), plan, fields, ask).await?;
    }
    Ok(())
}

fn read(fields: &Fields, plan: &Plan) -> Result<PlanFields, AuthorityError> {
    let mut features = fields.all(&format!("feature:{}", plan.code));
    if let Some(new) = fields.some("new_feature")
        && fields.on(&format!("new_feature:{}", plan.code))
        && !features.contains(&new)
    {
        features.push(new);
    }
    // The order of the plan's own, so that what was not touched is no change.
    features
        .sort_by_key(|name| plan.features.iter().position(|own| own == name).unwrap_or(usize::MAX));
    let mut limits = BTreeMap::new();
    let start = format!("limit:{}:", plan.code);
    for (name, text) in fields.beginning(&start) {
        if let Some(most) = most(text)? {
            limits.insert(name.to_owned(), most);
        }
    }
    if let (Some(name), Some(text)) =
        (fields.some("new_limit"), fields.some(&format!("new_limit:{}", plan.code)))
        && let Some(most) = most(&text)?
    {
        limits.insert(name, most);
    }
    Ok(PlanFields {
        seats: Some(count("seats", &fields.text(&format!("seats:{}", plan.code)))?),
        nodes: Some(count("nodes", &fields.text(&format!("nodes:{}", plan.code)))?),
        features: Some(features),
        limits: Some(limits),
        ..PlanFields::default()
    })
}

/// Nothing is granted where nothing is entered; `∞` or `unlimited` is no limit.
fn most(text: &str) -> Result<Option<Option<u64>>, AuthorityError> {
    match text {
        "" => Ok(None),
        "∞" | "unlimited" => Ok(Some(None)),
        text => number("limits", text).map(|most| Some(Some(most))),
    }
}

/// Seats or nodes: nothing, `∞` or `unlimited` is no limit.
pub(super) fn count(field: &'static str, text: &str) -> Result<Option<u32>, AuthorityError> {
    match text {
        "" | "∞" | "unlimited" => Ok(None),
        text => number(field, text).map(Some),
    }
}
