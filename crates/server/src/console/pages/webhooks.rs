//! `/console/webhooks`: where events are told to; a webhook with what was told to it.

use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use licentia_authority::jobs::Filter;
use licentia_authority::webhooks::events::EVENTS;
use licentia_authority::webhooks::{Changes, NewWebhook};
use licentia_authority::{Authority, AuthorityError, version};
use licentia_model::JobState;
use licentia_model::scope::Resource as R;
use serde_json::{Value, json};
use uuid::Uuid;

use super::jobs;
use super::licenses::{short, typed};
use super::{change, see};
use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;
use crate::problem::Failure;
use crate::router::Shared;

pub(super) fn routes() -> Router<Shared> {
    let write = |method| change(R::Webhooks, method);
    Router::new()
        .route("/console/webhooks", see(R::Webhooks, get(list)).merge(write(post(create))))
        .route("/console/webhooks/{id}", see(R::Webhooks, get(show)).merge(write(post(update))))
        .route("/console/webhooks/{id}/switch", write(post(switch)))
        .route("/console/webhooks/{id}/rotate", write(post(rotate)))
        .route("/console/webhooks/{id}/test", write(post(test)))
        .route("/console/webhooks/{id}/remove", write(post(remove)))
}

async fn list(
    State(authority): State<Authority>,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    listed(&authority, visitor, json!({ "done": done.word() })).await
}

async fn listed(authority: &Authority, visitor: Visitor, more: Value) -> Shown {
    let (visitor, webhooks) = authority.list_webhooks().await.or_trouble(visitor)?;
    let all = json!({
        "section": "webhooks",
        "webhooks": webhooks,
        "events": events(),
        "chosen": [],
        "entered": {},
    });
    Ok(visitor.page_with("webhooks.html", all, more))
}

fn events() -> Vec<&'static str> {
    EVENTS.iter().map(|event| event.name).collect()
}

async fn create(State(authority): State<Authority>, form: Form) -> Shown {
    let fields = &form.fields;
    let new = NewWebhook {
        url: fields.text("url"),
        description: fields.some("description"),
        events: fields.all("event"),
        signing: fields.some("signing"),
    };
    match authority.create_webhook(new, form.ask()).await {
        Ok(webhook) => {
            let shown = json!({ "section": "webhooks", "webhook": webhook, "again": false });
            Ok(form.visitor.page("webhook_secret.html", shown))
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({
                "error": shown(&failure), "entered": fields.every(), "chosen": fields.all("event"),
            });
            let page = listed(&authority, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

async fn show(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    RawQuery(query): RawQuery,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    page(&authority, id, &fields, visitor, json!({ "done": done.word() })).await
}

async fn page(
    authority: &Authority,
    id: Uuid,
    fields: &Fields,
    visitor: Visitor,
    more: Value,
) -> Shown {
    let (visitor, webhook) = authority.show_webhook(id).await.or_trouble(visitor)?;
    let (visitor, filter) = jobs::filter(fields).or_trouble(visitor)?;
    let filter = Filter { target: Some(id), ..filter };
    let (visitor, deliveries) = authority.list_jobs(filter).await.or_trouble(visitor)?;
    let states: Vec<&str> = JobState::ALL.iter().map(|state| state.as_str()).collect();
    let all = json!({
        "section": "webhooks",
        "version": version(&webhook),
        "confirm": short(id),
        "chosen": webhook.events,
        "webhook": webhook,
        "events": events(),
        "states": states,
        "fields": fields.of(&["state", "license", "event", "after"]),
        "jobs": deliveries.items,
        "next": deliveries.next,
        "entered": {},
    });
    Ok(visitor.page_with("webhook.html", all, more))
}

async fn update(State(authority): State<Authority>, Path(id): Path<Uuid>, form: Form) -> Shown {
    let changes = Changes {
        url: Some(form.fields.text("url")),
        description: Some(form.fields.text("description")),
        events: Some(form.fields.all("event")),
        enabled: None,
    };
    let changed = authority.update_webhook(id, changes, form.ask()).await;
    to_webhook(&authority, id, form, changed.map(drop), "webhook").await
}

async fn switch(State(authority): State<Authority>, Path(id): Path<Uuid>, form: Form) -> Shown {
    let on = form.fields.raw("enabled") == "1";
    let changes = Changes { enabled: Some(on), ..Changes::default() };
    let changed = authority.update_webhook(id, changes, form.ask()).await;
    let done = if on { "webhook_on" } else { "webhook_off" };
    to_webhook(&authority, id, form, changed.map(drop), done).await
}

/// Shows the new secret this once.
async fn rotate(State(authority): State<Authority>, Path(id): Path<Uuid>, form: Form) -> Shown {
    let rotated = authority.rotate_webhook(id, form.ask()).await;
    let (visitor, webhook) = rotated.or_trouble(form.visitor)?;
    let shown = json!({ "section": "webhooks", "webhook": webhook, "again": true });
    Ok(visitor.page("webhook_secret.html", shown))
}

async fn test(State(authority): State<Authority>, Path(id): Path<Uuid>, form: Form) -> Shown {
    let tested = authority.test_webhook(id, form.ask()).await;
    let (_, job) = tested.or_trouble(form.visitor)?;
    Ok(Redirect::to(&format!("/console/jobs/{}?done=webhook_tested", job.id)).into_response())
}

async fn remove(State(authority): State<Authority>, Path(id): Path<Uuid>, form: Form) -> Shown {
    let removed = match typed(&form.fields, &short(id)) {
        Ok(()) => authority.delete_webhook(id, form.ask()).await,
        Err(error) => Err(error),
    };
    match removed {
        Ok(()) => Ok(Redirect::to("/console/webhooks?done=webhook_removed").into_response()),
        Err(error) => to_webhook(&authority, id, form, Err(error), "").await,
    }
}

async fn to_webhook(
    authority: &Authority,
    id: Uuid,
    form: Form,
    changed: Result<(), AuthorityError>,
    done: &str,
) -> Shown {
    match changed {
        Ok(()) => Ok(Redirect::to(&format!("/console/webhooks/{id}?done={done}")).into_response()),
        Err(error) => {
            let failure = Failure::from(error);
            let mut more = json!({ "error": shown(&failure), "entered": form.fields.every() });
            if form.fields.on("url") {
                more["chosen"] = json!(form.fields.all("event"));
            }
            let page = page(authority, id, &Fields::default(), form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}
