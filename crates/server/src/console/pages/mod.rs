//! The pages. Each route says here which scope it needs, as the API's do.

mod account;
pub(crate) mod assets;
mod audit;
mod customers;
mod decode;
mod jobs;
mod keys;
pub(crate) mod language;
mod licenses;
mod log_in;
mod log_out;
mod offline;
mod oidc;
mod operators;
mod overview;
mod products;
mod releases;
mod revocations;
mod settings;
mod simulate;
mod start;
mod tokens;
mod usage;
mod webhooks;

use axum::extract::DefaultBodyLimit;
use axum::routing::{MethodRouter, get, post};
use axum::{Extension, Router, middleware};
use licentia_model::Scope;
use licentia_model::scope::Resource;

use crate::api::admin::Needed;
use crate::console::guard::guarded;
use crate::router::Shared;

/// A catalogue, or a thousand marked licences.
const FORM_BYTES: usize = 512 * 1024;

/// Every page of the console.
pub(crate) fn routes() -> Router<Shared> {
    use Resource as R;
    Router::new()
        .route("/console/assets/{name}", get(assets::handler))
        .route("/console/language", post(language::handler))
        .route("/console/log-in", get(log_in::show).post(log_in::send))
        .route("/console/first-password", get(log_in::first).post(log_in::set_first))
        .route("/console/oidc", get(oidc::begin))
        .route("/console/oidc/callback", get(oidc::finish))
        .route("/console/log-out", change(R::Sessions, post(log_out::handler)))
        .route("/console", see(R::Licenses, get(overview::handler)))
        .route(
            "/console/start",
            see(R::Licenses, get(start::show)).merge(change(R::Products, post(start::send))),
        )
        .merge(licenses::routes())
        .merge(customers::routes())
        .merge(products::routes())
        .merge(releases::routes())
        .merge(webhooks::routes())
        .route("/console/revocations", see(R::Revocations, get(revocations::handler)))
        .route("/console/usage", see(R::Usage, get(usage::handler)))
        .route(
            "/console/decode",
            see(R::Licenses, get(decode::show)).merge(see(R::Licenses, post(decode::send))),
        )
        .route("/console/simulate", see(R::Licenses, get(simulate::handler)))
        .route(
            "/console/offline",
            change(R::Activations, get(offline::show))
                .merge(change(R::Activations, post(offline::send))),
        )
        .merge(jobs::routes())
        .merge(keys::routes())
        .merge(audit::routes())
        .merge(operators::routes())
        .merge(tokens::routes())
        .merge(account::routes())
        .route("/console/settings", see(R::Operators, get(settings::handler)))
        .layer(DefaultBodyLimit::max(FORM_BYTES))
        .layer(middleware::from_fn(guarded))
}

/// For those who may look at it.
fn see(resource: Resource, methods: MethodRouter<Shared>) -> MethodRouter<Shared> {
    methods.layer(Extension(Needed(Scope::read(resource))))
}

/// For those who may change it.
fn change(resource: Resource, methods: MethodRouter<Shared>) -> MethodRouter<Shared> {
    methods.layer(Extension(Needed(Scope::write(resource))))
}
