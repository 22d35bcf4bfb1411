//! `/console/licenses/{id}/renewal-link`: a link that renews this licence once, to hand over.

use axum::extract::State;
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::licenses::{NewRenewalLink, RenewalLink};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown, as_told, shown};
use crate::console::visitor::Visitor;
use crate::problem::Failure;

pub(crate) async fn show(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    visitor: Visitor,
) -> Shown {
    page(&authority, id, visitor, json!({})).await
}

pub(crate) async fn send(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    form: Form,
) -> Shown {
    match made(&authority, id, &form).await {
        Ok(link) => {
            // Under the issuer, where that is an address; else whoever reads it knows where this server is.
            let shown = json!({
                "section": "licenses",
                "back": format!("/console/licenses/{id}"),
                "about": "renewal",
                "url": link.url,
                "until": link.expires_at,
                "renews_until": link.renews_until,
            });
            Ok(form.visitor.page("link_made.html", shown))
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "fields": form.fields.every() });
            Ok(as_told(page(&authority, id, form.visitor, more).await?, failure))
        }
    }
}

async fn made(authority: &Authority, id: Uuid, form: &Form) -> Result<RenewalLink, AuthorityError> {
    let days = form.fields.number("days")?.ok_or_else(|| AuthorityError::Invalid {
        field: "days",
        problem: "say by how many days it renews".into(),
    })?;
    let request = NewRenewalLink { days, valid_days: form.fields.number("valid_days")? };
    authority.renewal_link(id, request, form.visitor.actor()).await
}

async fn page(authority: &Authority, id: Uuid, visitor: Visitor, more: Value) -> Shown {
    let (visitor, license) = authority.show_license(id).await.or_trouble(visitor)?;
    let all = json!({
        "section": "licenses",
        "license": license,
        "fields": Fields::default().of(&[]),
    });
    Ok(visitor.page_with("renewal_link.html", all, more))
}
