//! `/console/products`.

mod list;
mod matrix;
mod plan;
mod show;

use axum::Router;
use axum::routing::{get, post};
use licentia_model::scope::Resource as R;

use super::{change, see};
use crate::router::Shared;

pub(super) fn routes() -> Router<Shared> {
    let plans = |method| change(R::Plans, method);
    Router::new()
        .route(
            "/console/products",
            see(R::Products, get(list::show)).merge(change(R::Products, post(list::create))),
        )
        .route("/console/products-import", change(R::Products, post(list::import)))
        .route(
            "/console/products/{code}",
            see(R::Products, get(show::show)).merge(change(R::Products, post(show::update))),
        )
        .route("/console/products/{code}/matrix", plans(post(matrix::send)))
        .route("/console/products/{code}/plans", plans(post(plan::create)))
        .route(
            "/console/products/{code}/plans/{plan}",
            see(R::Plans, get(plan::show)).merge(plans(post(plan::update))),
        )
}
