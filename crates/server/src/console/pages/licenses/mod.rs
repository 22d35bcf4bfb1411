//! `/console/licenses`.

mod act;
mod bulk;
mod file;
mod link;
mod list;
mod new;
mod pull_tokens;
mod release;
mod renewal_link;
mod show;

pub(super) use act::{short, typed};

use axum::Router;
use axum::routing::{get, post};
use licentia_model::scope::Resource as R;

use super::{change, see};
use crate::router::Shared;

pub(super) fn routes() -> Router<Shared> {
    let change = |method| change(R::Licenses, method);
    Router::new()
        .route("/console/licenses", see(R::Licenses, get(list::handler)))
        .route("/console/licenses/new", change(get(new::show)).merge(change(post(new::send))))
        .route("/console/licenses/preview", change(get(new::preview)))
        .route("/console/licenses/bulk", change(post(bulk::handler)))
        .route("/console/licenses/{id}", see(R::Licenses, get(show::handler)))
        .route("/console/licenses/{id}/file", see(R::Licenses, get(file::handler)))
        .route("/console/licenses/{id}/pull-tokens", change(post(pull_tokens::create)))
        .route(
            "/console/licenses/{id}/pull-tokens/{token}/revoke",
            change(post(pull_tokens::revoke)),
        )
        .route(
            "/console/licenses/{id}/renewal-link",
            change(get(renewal_link::show)).merge(change(post(renewal_link::send))),
        )
        .route("/console/licenses/{id}/downloads/{artifact}", change(post(link::handler)))
        .route(
            "/console/licenses/{id}/{act}",
            change(get(act::show)).merge(change(post(act::send))),
        )
        .route(
            "/console/activations/{id}/release",
            super::change(R::Activations, post(release::handler)),
        )
}
