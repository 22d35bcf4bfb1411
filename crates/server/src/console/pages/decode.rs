//! `/console/decode`: what a key or file says, who signed it, what comes of it and why not.

use axum::extract::State;
use licentia_authority::{Authority, AuthorityError};
use licentia_license::fingerprint::Fingerprint;
use serde_json::json;

use crate::console::form::{Fields, Form};
use crate::console::trouble::{Shown, as_told, shown};
use crate::console::visitor::Visitor;
use crate::problem::Failure;

pub(crate) async fn show(visitor: Visitor) -> Shown {
    let fields = Fields::default().of(&["key", "machine"]);
    Ok(visitor.page("decode.html", json!({ "section": "decode", "fields": fields, "found": null })))
}

/// A form, so that no key stands in an address; nothing is changed by it.
pub(crate) async fn send(State(authority): State<Authority>, form: Form) -> Shown {
    let fields = form.fields.of(&["key", "machine"]);
    let examined = match machine(&form.fields) {
        Ok(machine) => authority.examine(form.fields.text("key"), machine, None).await,
        Err(error) => Err(error),
    };
    match examined {
        Ok(found) => {
            let shown = json!({ "section": "decode", "fields": fields, "found": found });
            Ok(form.visitor.page("decode.html", shown))
        }
        Err(error) => {
            let failure = Failure::from(error);
            let error = shown(&failure);
            let shown =
                json!({ "section": "decode", "fields": fields, "found": null, "error": error });
            Ok(as_told(form.visitor.page("decode.html", shown), failure))
        }
    }
}

/// A machine, as `licentia fingerprint` prints it.
pub(crate) fn machine(fields: &Fields) -> Result<Option<Fingerprint>, AuthorityError> {
    let Some(text) = fields.some("machine") else { return Ok(None) };
    text.parse().map(Some).map_err(|_| AuthorityError::Invalid {
        field: "machine",
        problem: "it must be what `licentia fingerprint` prints on that machine".into(),
    })
}
