//! `POST /console/releases`: the draft of a release, into which files are put from the command line.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect};
use licentia_authority::Authority;
use licentia_protocol::distribution::NewRelease;
use serde_json::json;

use super::list::listed;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{Shown, as_told, shown};
use crate::problem::Failure;

pub(crate) async fn handler(State(authority): State<Authority>, form: Form) -> Shown {
    let fields = &form.fields;
    let new = NewRelease {
        product: fields.text("product"),
        version: fields.text("version"),
        channel: fields.some("channel"),
        // Browsers send lines as CRLF (HTML, form submission).
        notes: fields.some("notes").map(|notes| notes.replace("\r\n", "\n")),
    };
    match authority.create_release(new, form.ask()).await {
        Ok(release) => {
            let to = format!("/console/releases/{}?done=release_made", release.id);
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure), "entered": fields.every() });
            let page = listed(&authority, &Fields::default(), form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}
