//! `/console/licenses/{id}/{act}`: a page for each thing that can be done to a licence, which tells what it will do.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use licentia_authority::activations::list::Filter as SeatFilter;
use licentia_authority::{Authority, AuthorityError, version};
use licentia_protocol::Code;
use licentia_protocol::licenses::{Addons, ChangePlan, Convert, Term, Transfer};
use licentia_protocol::resource::License;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form, number};
use crate::console::trouble::{OrTrouble, Shown, Trouble, as_told, shown};
use crate::console::visitor::Visitor;
use crate::problem::Failure;

const ACTS: [&str; 10] = [
    "suspend",
    "resume",
    "renew",
    "change-plan",
    "addons",
    "reissue",
    "transfer",
    "convert",
    "cancel",
    "revoke",
];

pub(crate) async fn show(
    State(authority): State<Authority>,
    Path((id, act)): Path<(Uuid, String)>,
    visitor: Visitor,
) -> Shown {
    page(&authority, id, &act, visitor, json!({ "fields": Fields::default().of(&[]) })).await
}

pub(crate) async fn send(
    State(authority): State<Authority>,
    Path((id, act)): Path<(Uuid, String)>,
    form: Form,
) -> Shown {
    match carry_out(&authority, id, &act, &form).await {
        // A key that is not kept is shown this once.
        Ok(license) if act == "reissue" && license.key.is_some() => {
            let shown = json!({ "section": "licenses", "license": license, "again": true });
            Ok(form.visitor.page("license_made.html", shown))
        }
        Ok(_) => {
            let done = act.replace('-', "_");
            Ok(Redirect::to(&format!("/console/licenses/{id}?done={done}")).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "fields": form.fields.every() });
            let page = page(&authority, id, &act, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

async fn page(authority: &Authority, id: Uuid, act: &str, visitor: Visitor, more: Value) -> Shown {
    if !ACTS.contains(&act) {
        return Err(Trouble::told(visitor, Code::NotFound.into()));
    }
    let (visitor, license) = authority.show_license(id).await.or_trouble(visitor)?;
    let plans = authority.list_plans(Some(license.product.clone())).await;
    let (visitor, plans) = plans.or_trouble(visitor)?;
    let seats =
        SeatFilter { license_id: Some(id), live: Some(true), limit: 200, ..SeatFilter::default() };
    let (visitor, seats) = authority.page_of_activations(seats).await.or_trouble(visitor)?;
    let all = json!({
        "section": "licenses",
        "act": act,
        "version": version(&license),
        "license": license,
        "plans": plans,
        "live": seats.items.len(),
    });
    Ok(visitor.page_with("license_act.html", all, more))
}

async fn carry_out(
    authority: &Authority,
    id: Uuid,
    act: &str,
    form: &Form,
) -> Result<License, AuthorityError> {
    let (fields, ask) = (&form.fields, form.ask());
    let reason = fields.some("reason");
    match act {
        "suspend" => authority.suspend(id, reason, ask).await,
        "resume" => authority.resume(id, ask).await,
        "cancel" => authority.cancel(id, reason, ask).await,
        "reissue" => authority.reissue(id, ask).await,
        "renew" => authority.renew(id, term(fields)?, ask).await,
        "change-plan" => {
            let request =
                ChangePlan { plan: fields.text("plan"), drop_addons: fields.on("drop_addons") };
            authority.change_plan(id, request, ask).await
        }
        "addons" => authority.set_addons(id, addons(fields)?, ask).await,
        "transfer" => {
            let request = Transfer {
                email: fields.text("email"),
                name: fields.some("name"),
                organization: fields.some("organization"),
                keep_installations: fields.on("keep_installations"),
            };
            authority.transfer(id, request, ask).await
        }
        "convert" => {
            let request = Convert { plan: fields.some("plan"), term: term(fields)? };
            authority.convert(id, request, ask).await
        }
        "revoke" => {
            typed(fields, &short(id))?;
            let hours: u32 = fields.number("grace_h")?.unwrap_or(0);
            authority.revoke(id, reason, hours.saturating_mul(3_600), ask).await
        }
        _ => Err(AuthorityError::NotFound { what: "action", name: act.to_owned() }),
    }
}

/// What has to be typed to end a licence for good.
pub(crate) fn short(id: Uuid) -> String {
    id.to_string().chars().rev().take(6).collect::<Vec<_>>().into_iter().rev().collect()
}

/// What cannot be undone wants something typed, by the server's word and not the script's alone.
pub(crate) fn typed(fields: &Fields, wanted: &str) -> Result<(), AuthorityError> {
    if fields.text("confirm") == wanted {
        return Ok(());
    }
    let problem = format!("type `{wanted}` to confirm");
    Err(AuthorityError::Invalid { field: "confirm", problem })
}

/// How long: one of the three.
pub(crate) fn term(fields: &Fields) -> Result<Term, AuthorityError> {
    Ok(match fields.raw("term") {
        "days" => Term { days: fields.number("days")?, ..Term::default() },
        "until" => Term { expires_at: fields.time("until", true)?, ..Term::default() },
        "perpetual" => Term { perpetual: true, ..Term::default() },
        _ => Term::default(),
    })
}

/// What is agreed beside the plan: names by line, limits as `name = number`.
pub(crate) fn addons(fields: &Fields) -> Result<Addons, AuthorityError> {
    let names = |name: &str| {
        let words = fields.raw(name).split(|c: char| c.is_whitespace() || c == ',');
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    let mut addons =
        Addons { features: names("features"), without: names("without"), ..Addons::default() };
    for line in fields.raw("limits").lines().filter(|line| !line.trim().is_empty()) {
        let (name, most) = line.split_once('=').ok_or(AuthorityError::Invalid {
            field: "limits",
            problem: "write `name = number` or `name = unlimited`, one a line".into(),
        })?;
        addons.limits.insert(name.trim().to_owned(), most_of("limits", most.trim())?);
    }
    for (name, place) in [("seats", &mut addons.seats), ("nodes", &mut addons.nodes)] {
        if let Some(text) = fields.some(name) {
            let most = most_of(if name == "seats" { "seats" } else { "nodes" }, &text)?;
            let most = most.map(u32::try_from).transpose().map_err(|_| {
                AuthorityError::Invalid { field: "addons", problem: "it is too large".into() }
            })?;
            *place = Some(most);
        }
    }
    Ok(addons)
}

fn most_of(field: &'static str, text: &str) -> Result<Option<u64>, AuthorityError> {
    match text {
        "unlimited" | "∞" => Ok(None),
        number_of => number(field, number_of).map(Some),
    }
}
