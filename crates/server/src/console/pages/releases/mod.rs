//! `/console/releases`: drafts, what is out, what was taken back; who gets it.

mod create;
mod list;
mod show;
mod state;

use axum::Router;
use axum::routing::{get, post};
use licentia_model::scope::Resource as R;

use super::{change, see};
use crate::router::Shared;

pub(super) fn routes() -> Router<Shared> {
    let write = |method| change(R::Releases, method);
    Router::new()
        .route(
            "/console/releases",
            see(R::Releases, get(list::handler)).merge(write(post(create::handler))),
        )
        .route("/console/releases/{id}", see(R::Releases, get(show::handler)))
        .route("/console/releases/{id}/publish", write(post(state::publish)))
        .route("/console/releases/{id}/yank", write(post(state::yank)))
        .route("/console/artifacts/{id}", see(R::Releases, get(show::file)))
        .route("/console/artifacts/{id}/remove", write(post(state::remove)))
}
