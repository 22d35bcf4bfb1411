//! `POST /console/licenses/{id}/downloads/{artifact}`: a link to a file on the account of a licence, to hand over.

use axum::extract::State;
use licentia_authority::Authority;
use serde_json::json;
use uuid::Uuid;

use crate::api::admin::query::Path;
use crate::console::form::Form;
use crate::console::trouble::{OrTrouble, Shown};

pub(crate) async fn handler(
    State(authority): State<Authority>,
    Path((id, artifact)): Path<(Uuid, Uuid)>,
    form: Form,
) -> Shown {
    let made = authority.link_of_license(id, artifact).await;
    let (visitor, link) = made.or_trouble(form.visitor)?;
    let issuer = authority.issuer();
    let origin = if issuer.starts_with("http") { issuer.trim_end_matches('/') } else { "" };
    let shown = json!({
        "section": "licenses",
        "back": format!("/console/licenses/{id}"),
        "about": "download",
        "url": format!("{origin}{}", link.href),
        "until": link.expires_at,
        "renews_until": null,
    });
    Ok(visitor.page("link_made.html", shown))
}
