//! `/v1/admin/licenses`: licences.

mod addons;
mod bulk;
mod cancel;
mod change_plan;
mod convert;
mod export;
mod import;
mod import_key;
mod issue;
mod list;
mod maintain;
mod reissue;
mod reissue_all;
mod renew;
mod renewal_link;
mod replace_key;
mod resume;
mod revoke;
mod show;
mod suspend;
mod transfer;

use axum::extract::DefaultBodyLimit;
use licentia_model::Scope;
use licentia_model::scope::Resource;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use crate::api::admin::needs;
use crate::router::Shared;

/// Ten thousand licences in words.
const BULK_BYTES: usize = 16 * 1024 * 1024;

pub(crate) fn routes() -> OpenApiRouter<Shared> {
    let (read, write) = (Scope::read(Resource::Licenses), Scope::write(Resource::Licenses));
    OpenApiRouter::default()
        .routes(needs(read, routes!(list::handler)))
        .routes(needs(write, routes!(issue::handler)))
        .routes(needs(read, routes!(show::handler)))
        .routes(needs(read, routes!(export::handler)))
        .routes(needs(write, routes!(bulk::handler).layer(DefaultBodyLimit::max(BULK_BYTES))))
        .routes(needs(write, routes!(import::handler).layer(DefaultBodyLimit::max(BULK_BYTES))))
        .routes(needs(write, routes!(suspend::handler)))
        .routes(needs(write, routes!(resume::handler)))
        .routes(needs(write, routes!(cancel::handler)))
        .routes(needs(write, routes!(revoke::handler)))
        .routes(needs(write, routes!(renew::handler)))
        .routes(needs(write, routes!(renewal_link::handler)))
        .routes(needs(write, routes!(maintain::handler)))
        .routes(needs(write, routes!(change_plan::handler)))
        .routes(needs(write, routes!(addons::handler)))
        .routes(needs(write, routes!(convert::handler)))
        .routes(needs(write, routes!(transfer::handler)))
        .routes(needs(write, routes!(reissue::handler)))
        .routes(needs(write, routes!(replace_key::handler)))
        .routes(needs(write, routes!(import_key::handler)))
        .routes(needs(write, routes!(reissue_all::handler)))
}
