//! `/console/keys`: signing keys, and their rotation as a sequence that is led through.

use std::time::Duration;

use axum::Router;
use axum::extract::{Query, RawQuery, State};
use axum::response::{IntoResponse, Redirect};
use axum::routing::{get, post};
use licentia_authority::keys::rotate::NewKey;
use licentia_authority::{Authority, AuthorityError};
use licentia_license::keyset::Purpose;
use licentia_model::scope::Resource as R;
use licentia_protocol::Code;
use licentia_protocol::licenses::ReissueAll;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::licenses::typed;
use super::{change, see};
use crate::api::admin::query::Path;
use crate::console::form::{Fields, Form};
use crate::console::trouble::{OrTrouble, Shown, Trouble, as_told, shown};
use crate::console::view::Done;
use crate::console::visitor::Visitor;
use crate::problem::Failure;
use crate::router::Shared;

/// How long one press may take.
const AT_ONCE: Duration = Duration::from_secs(10);

/// Purposes that are rotated here.
const PURPOSES: [(&str, Purpose); 5] = [
    ("license", Purpose::License),
    ("lease", Purpose::Lease),
    ("revocation", Purpose::Revocation),
    ("manifest", Purpose::Manifest),
    ("log", Purpose::Log),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/console/keys", see(R::Keys, get(list)))
        .route("/console/keys/rotate", change(R::Keys, post(rotate)))
        .route(
            "/console/keys/{kid}/{act}",
            change(R::Keys, get(show_act)).merge(change(R::Keys, post(act))),
        )
}

async fn list(
    State(authority): State<Authority>,
    RawQuery(query): RawQuery,
    Query(done): Query<Done>,
    visitor: Visitor,
) -> Shown {
    let fields = Fields::read(query.unwrap_or_default().as_bytes());
    let purpose = fields.some("purpose").unwrap_or_else(|| "license".into());
    listed(&authority, &purpose, visitor, json!({ "done": done.word() })).await
}

async fn listed(authority: &Authority, purpose: &str, visitor: Visitor, more: Value) -> Shown {
    let (visitor, keys) = authority.list_keys().await.or_trouble(visitor)?;
    let of = |state: &str| {
        let mut of = keys.iter().rev();
        of.find(|key| key.state == state && key.purposes.iter().any(|p| p == purpose)).cloned()
    };
    let all = json!({
        "section": "keys",
        "purpose": purpose,
        "purposes": PURPOSES.map(|(name, _)| name),
        "active": of("active"),
        "next": of("next"),
        "previous": of("previous"),
        "root_at_hand": authority.root_at_hand().is_ok(),
        "keys": keys,
    });
    Ok(visitor.page_with("keys.html", all, more))
}

async fn rotate(State(authority): State<Authority>, form: Form) -> Shown {
    let purpose = form.fields.text("purpose");
    match rotated(&authority, &purpose, &form).await {
        Ok(()) => {
            let to = format!("/console/keys?purpose={purpose}&done=rotated");
            Ok(Redirect::to(&to).into_response())
        }
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure) });
            let page = listed(&authority, &purpose, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

async fn rotated(authority: &Authority, purpose: &str, form: &Form) -> Result<(), AuthorityError> {
    let wrong = |field, problem: &str| AuthorityError::Invalid { field, problem: problem.into() };
    let purpose = PURPOSES.iter().find(|(name, _)| *name == purpose).map(|(_, purpose)| *purpose);
    let purpose = purpose.ok_or_else(|| wrong("purpose", "choose one of the list"))?;
    let key = match form.fields.raw("alg") {
        "" | "ed25519" => NewKey::Ed25519,
        "rsa2048" => NewKey::Rsa2048,
        "rsa3072" => NewKey::Rsa3072,
        "rsa4096" => NewKey::Rsa4096,
        _ => return Err(wrong("alg", "choose one of the list")),
    };
    let root = authority.root_at_hand()?;
    authority.rotate_key(purpose, key, false, root, form.visitor.actor()).await.map(drop)
}

async fn show_act(
    State(authority): State<Authority>,
    Path((kid, act)): Path<(String, String)>,
    visitor: Visitor,
) -> Shown {
    asked(&authority, &kid, &act, visitor, json!({})).await
}

async fn asked(
    authority: &Authority,
    kid: &str,
    act: &str,
    visitor: Visitor,
    more: Value,
) -> Shown {
    let (visitor, keys) = authority.list_keys().await.or_trouble(visitor)?;
    let key = keys.into_iter().find(|key| key.kid == kid);
    let (Some(key), "retire" | "compromise" | "reissue") = (key, act) else {
        return Err(Trouble::told(visitor, Code::NoSuchResource.into()));
    };
    let all = json!({
        "section": "keys",
        "key": key,
        "act": act,
        "root_at_hand": authority.root_at_hand().is_ok(),
    });
    Ok(visitor.page_with("key_act.html", all, more))
}

async fn act(
    State(authority): State<Authority>,
    Path((kid, act)): Path<(String, String)>,
    form: Form,
) -> Shown {
    match carry_out(&authority, &kid, &act, &form).await {
        Ok(done) => Ok(Redirect::to(&format!("/console/keys?done={done}")).into_response()),
        Err(error) => {
            let failure = Failure::from(error);
            let more = json!({ "error": shown(&failure) });
            let page = asked(&authority, &kid, &act, form.visitor, more).await?;
            Ok(as_told(page, failure))
        }
    }
}

async fn carry_out(
    authority: &Authority,
    kid: &str,
    act: &str,
    form: &Form,
) -> Result<&'static str, AuthorityError> {
    let actor = form.visitor.actor();
    match act {
        "retire" => {
            let root = authority.root_at_hand()?;
            authority.retire_key(kid.to_owned(), root, actor).await?;
            Ok("retired")
        }
        "compromise" => {
            typed(&form.fields, kid.get(..8).unwrap_or(kid))?;
            let root = authority.root_at_hand()?;
            authority.compromise_key(kid.to_owned(), root, actor).await?;
            Ok("compromised")
        }
        "reissue" => {
            // The rest at the next press: one answer takes no longer than the server gives it.
            let begun = Instant::now();
            let mut after = None;
            while begun.elapsed() < AT_ONCE {
                let request = ReissueAll { signed_by: kid.to_owned(), after };
                after = authority.reissue_some(request, actor.clone()).await?.next;
                if after.is_none() {
                    return Ok("reissued");
                }
            }
            Ok("reissued_some")
        }
        _ => Err(AuthorityError::NotFound { what: "action", name: act.to_owned() }),
    }
}
