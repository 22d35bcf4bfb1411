//! `/console/offline`: answers the request of a machine without network, and takes its seat back on its word.

use axum::extract::State;
use licentia_authority::Authority;
use serde_json::json;

use crate::console::form::{Fields, Form};
use crate::console::offline;
use crate::console::trouble::{Shown, as_told, shown};
use crate::console::visitor::Visitor;
use crate::gate::Gate;
use crate::problem::Failure;

pub(crate) async fn show(visitor: Visitor) -> Shown {
    let shown =
        json!({ "section": "offline", "answer": null, "entered": Fields::default().of(&[]) });
    Ok(visitor.page("offline.html", shown))
}

pub(crate) async fn send(State(authority): State<Authority>, gate: Gate, form: Form) -> Shown {
    match authority.offline(offline::request(&form.fields), gate.caller()).await {
        Ok(answer) => {
            let shown = json!({
                "section": "offline",
                "answer": offline::shown(&answer),
                "entered": Fields::default().of(&[]),
            });
            Ok(form.visitor.page("offline.html", shown))
        }
        Err(problem) => {
            let failure = Failure::from(problem);
            let page = json!({
                "section": "offline",
                "answer": null,
                "error": shown(&failure),
                "entered": form.fields.every(),
            });
            Ok(as_told(form.visitor.page("offline.html", page), failure))
        }
    }
}
