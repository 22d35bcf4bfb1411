//! The form for a machine without network, and its answer, as console and portal show them.

use base64ct::{Base64, Encoding};
use licentia_protocol::offline::{Answer, Request};
use serde_json::{Value, json};

use super::form::Fields;

/// What was pasted, chosen or typed.
pub(crate) fn request(fields: &Fields) -> Request {
    // What is typed is typed where there is no file.
    match (fields.some("document"), fields.some("code")) {
        (None, Some(code)) => {
            Request { document: None, code: Some(code), license_key: fields.some("license_key") }
        }
        (document, _) => Request { document, ..Request::default() },
    }
}

/// For a template.
pub(crate) fn shown(answer: &Answer) -> Value {
    let file = answer.activation.as_deref();
    json!({
        "until": answer.lease_until,
        "activation": answer.activation_id,
        "file": file.map(|text| format!("{}\n", text.trim_end())),
        "data": file.map(|text| Base64::encode_string(format!("{}\n", text.trim_end()).as_bytes())),
        "brief": answer.brief,
        "typed": answer.typed,
    })
}
