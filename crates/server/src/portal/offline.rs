//! `/portal/license/offline`: a machine of the customer's that has no network.

use axum::extract::State;
use axum::response::Response;
use licentia_authority::Authority;
use serde_json::json;

use super::visitor::{Customer, Sent};
use crate::console::{Fields, as_told, offline, shown};
use crate::gate::Gate;
use crate::problem::Failure;

pub(super) async fn show(customer: Customer) -> Response {
    let all = json!({ "answer": null, "entered": Fields::default().of(&[]) });
    customer.page("portal_offline.html", all)
}

pub(super) async fn send(State(authority): State<Authority>, gate: Gate, sent: Sent) -> Response {
    let Sent { customer, fields } = sent;
    let answered = async {
        gate.enter(None)?;
        let answer =
            authority.own_offline(customer.visit, offline::request(&fields), gate.caller());
        answer.await.inspect_err(|problem| gate.failed(&problem.code)).map_err(Failure::from)
    };
    match answered.await {
        Ok(answer) => {
            let all =
                json!({ "answer": offline::shown(&answer), "entered": Fields::default().of(&[]) });
            customer.page("portal_offline.html", all)
        }
        Err(failure) => {
            let all =
                json!({ "answer": null, "error": shown(&failure), "entered": fields.every() });
            as_told(customer.page("portal_offline.html", all), failure)
        }
    }
}
