//! The pages of the portal.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, middleware};
use licentia_authority::portal::release::Released;
use licentia_authority::{Authority, AuthorityError};
use licentia_issue::Secret;
use licentia_license::file::LicenseFile;
use licentia_protocol::Code;
use serde_json::json;
use uuid::Uuid;

use super::visitor::{COOKIE, Customer, Sent, around};
use super::{link, offline};
use crate::console::{
    Done, Fields, as_told, asset, choose_language, guarded, language, page, shown,
};
use crate::extract::cookie;
use crate::gate::Gate;
use crate::portal::Brand;
use crate::problem::Failure;
use crate::router::Shared;

/// Releases that are offered, the latest ones.
const RELEASES: usize = 20;

/// Every page, where there is a portal.
pub(crate) fn routes(brand: &Brand) -> Router<Shared> {
    if !brand.enabled {
        return Router::new();
    }
    Router::new()
        .route("/portal", get(show_log_in))
        .route("/portal/log-in", post(log_in))
        .route("/portal/log-in-link", post(link::send))
        .route("/portal/link", get(link::show).post(link::enter))
        .route("/portal/language", post(choose_language))
        .route("/portal/log-out", post(log_out))
        .route("/portal/license", get(license))
        .route("/portal/license/file", get(file))
        .route("/portal/license/offline", get(offline::show).post(offline::send))
        .route("/portal/license/renewal", post(renewal))
        .route("/portal/seats/{id}/release", post(release))
        .route("/portal/license/pull-tokens", post(pull_token))
        .route("/portal/license/pull-tokens/{id}/revoke", post(revoke_pull_token))
        .route("/portal/downloads/{artifact}", get(file_of_release))
        .route("/portal/data", get(data))
        .route("/portal/brand/logo", get(logo))
        .route("/portal/brand/style.css", get(style))
        .route("/portal/assets/{name}", get(asset))
        .layer(middleware::from_fn(guarded))
}

async fn logo(State(brand): State<Arc<Brand>>) -> Response {
    brand.logo()
}

async fn style(State(brand): State<Arc<Brand>>) -> Response {
    brand.style()
}

async fn show_log_in(
    State(authority): State<Authority>,
    State(brand): State<Arc<Brand>>,
    Query(done): Query<Done>,
    headers: HeaderMap,
) -> Response {
    if let Some(token) = cookie(&headers, COOKIE)
        && let Ok(Some(_)) = authority.portal_visit(&token).await
    {
        return Redirect::to("/portal/license").into_response();
    }
    let mut all = around(&brand, language(&headers));
    all["done"] = done.word().into();
    page("portal_log_in.html", all)
}

/// By a licence key. Keys that nobody knows are limited by address, as they are where products show them.
async fn log_in(
    State(authority): State<Authority>,
    State(brand): State<Arc<Brand>>,
    gate: Gate,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let text = Fields::read(&body).text("key");
    let entered = match gate.enter(None) {
        Err(failure) => Err(failure),
        Ok(()) => {
            let key = LicenseFile::parse(&text).map_or(text, |file| file.license);
            authority.enter_portal(&Secret::new(key), &gate.origin()).await.map_err(Failure::from)
        }
    };
    match entered {
        Ok(token) => entered_with(&token),
        Err(failure) => {
            gate.failed(&failure.problem().code);
            not_in(&brand, &headers, failure)
        }
    }
}

/// To the licence, with the cookie of the visit.
pub(super) fn entered_with(token: &Secret<String>) -> Response {
    let cookie = format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Strict", token.expose());
    let mut response = Redirect::to("/portal/license").into_response();
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The log-in again, with what was wrong.
pub(super) fn not_in(brand: &Brand, headers: &HeaderMap, failure: Failure) -> Response {
    let mut all = around(brand, language(headers));
    all["error"] = shown(&failure);
    as_told(page("portal_log_in.html", all), failure)
}

async fn log_out(_: Sent) -> Response {
    let mut response = Redirect::to("/portal").into_response();
    let gone = format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0");
    if let Ok(gone) = HeaderValue::try_from(gone) {
        response.headers_mut().insert(header::SET_COOKIE, gone);
    }
    response
}

async fn license(
    State(authority): State<Authority>,
    Query(done): Query<Done>,
    customer: Customer,
) -> Response {
    shown_license(&authority, &customer, None, done.word()).await
}

async fn shown_license(
    authority: &Authority,
    customer: &Customer,
    failure: Option<Failure>,
    done: Option<&str>,
) -> Response {
    let found = async {
        let own = authority.own_license(customer.visit).await?;
        let covered = authority.releases_of_license(own.license.id, RELEASES).await?;
        Ok::<_, AuthorityError>((own, covered))
    };
    match found.await {
        Ok((own, covered)) => {
            let live = own.seats.iter().filter(|seat| seat.live).count();
            let all = json!({
                "license": own.license,
                "product": own.product,
                "seats": own.seats,
                "usage": own.usage,
                "pull_tokens": own.pull_tokens,
                "covered": covered,
                "live": live,
                "done": done,
                "error": failure.as_ref().map(shown),
                "later": null,
            });
            let page = customer.page("portal_license.html", all);
            match failure {
                Some(failure) => as_told(page, failure),
                None => page,
            }
        }
        Err(error) => refused(customer, error.into()),
    }
}

async fn release(State(authority): State<Authority>, Path(id): Path<Uuid>, sent: Sent) -> Response {
    let customer = sent.customer;
    match authority.release_own(customer.visit, id, &customer.origin).await {
        Ok(Released::Free) => Redirect::to("/portal/license?done=released").into_response(),
        Ok(Released::Later { at }) => {
            let wait = at.as_second().saturating_sub(authority.now()).max(1).unsigned_abs();
            let failure = Failure::later(Code::RateLimited, wait);
            let page = customer.page("portal_later.html", json!({ "at": at }));
            as_told(page, failure)
        }
        Err(error) => refused(&customer, error.into()),
    }
}

async fn renewal(State(authority): State<Authority>, sent: Sent) -> Response {
    let (customer, message) = (sent.customer, sent.fields.some("message"));
    match authority.request_renewal(customer.visit, message, &customer.origin).await {
        Ok(()) => Redirect::to("/portal/license?done=renewal_requested").into_response(),
        Err(error) => shown_license(&authority, &customer, Some(error.into()), None).await,
    }
}

async fn pull_token(State(authority): State<Authority>, sent: Sent) -> Response {
    let (customer, name) = (sent.customer, sent.fields.text("name"));
    match authority.own_pull_token(customer.visit, name, &customer.origin).await {
        Ok(token) => customer.page("portal_token_made.html", json!({ "token": token })),
        Err(error) => shown_license(&authority, &customer, Some(error.into()), None).await,
    }
}

async fn revoke_pull_token(
    State(authority): State<Authority>,
    Path(id): Path<Uuid>,
    sent: Sent,
) -> Response {
    let customer = sent.customer;
    match authority.revoke_own_pull_token(customer.visit, id, &customer.origin).await {
        Ok(()) => Redirect::to("/portal/license?done=pull_token_revoked").into_response(),
        Err(error) => refused(&customer, error.into()),
    }
}

async fn file(State(authority): State<Authority>, customer: Customer) -> Response {
    let own = match authority.own_license(customer.visit).await {
        Ok(own) => own,
        Err(error) => return refused(&customer, error.into()),
    };
    let Some(key) = own.license.key else {
        let error = AuthorityError::NotAllowed {
            what: "licence file",
            action: "made",
            state: "of a key that is shown only once",
        };
        return refused(&customer, error.into());
    };
    let keyset = authority.trust().keyset_token().map(str::to_owned);
    let text = LicenseFile { keyset, ..LicenseFile::of_key(key) }.to_string();
    download("text/plain; charset=utf-8", &format!("{}.lic", own.license.id), text)
}

/// To a fresh link of a file that the licence covers now.
async fn file_of_release(
    State(authority): State<Authority>,
    Path(artifact): Path<Uuid>,
    customer: Customer,
) -> Response {
    match authority.link_of_license(customer.visit.license_id, artifact).await {
        Ok(link) => Redirect::to(&link.href).into_response(),
        Err(error) => refused(&customer, error.into()),
    }
}

async fn data(State(authority): State<Authority>, customer: Customer) -> Response {
    match authority.own_data(customer.visit).await {
        Ok(data) => {
            let text = serde_json::to_string_pretty(&data).unwrap_or_default();
            download("application/json", "license-data.json", text)
        }
        Err(error) => refused(&customer, error.into()),
    }
}

fn download(kind: &str, name: &str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, text).into_response()
}

fn refused(customer: &Customer, failure: Failure) -> Response {
    let page = customer.page("portal_trouble.html", json!({ "error": shown(&failure) }));
    as_told(page, failure)
}

/// A page for whoever is not in.
pub(crate) fn trouble(brand: &Brand, headers: &HeaderMap, failure: Failure) -> Response {
    let mut all = around(brand, language(headers));
    all["error"] = shown(&failure);
    as_told(page("portal_trouble.html", all), failure)
}
