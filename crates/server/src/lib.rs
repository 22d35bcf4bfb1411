//! The authority as a server: HTTP in front of the use cases, jobs beside them, and the data directory.
//!
//! The folder tree is the URL tree: `api/product` is what products call, `api/public` what anybody may read.
//! [`database`] alone knows which database is behind it.
//!
//! To add an endpoint: a file under the folder of its path with one documented handler, its line in [`router`],
//! its test of the same name in `tests/`; then `UPDATE_DOCS=1 cargo test -p licentia-server`.

mod address;
pub mod api;
pub mod artifacts;
pub mod backup;
pub mod config;
mod console;
pub mod database;
pub mod echo;
mod extract;
mod gate;
mod html;
mod jobs;
mod limits;
pub mod lists;
pub mod local;
pub mod mail;
mod metrics;
pub mod objects;
mod oidc;
pub mod openapi;
pub mod payments;
mod portal;
mod problem;
pub mod router;
pub mod serve;
pub mod startup;
pub mod system;
mod webhooks;
