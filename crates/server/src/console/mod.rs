//! The operators' console, `/console`: pages made on the server, in this binary, that load nothing from elsewhere and
//! can be read without a script.
//!
//! A page is a file in [`pages`]: it calls the same use cases as the API and hands what they answer to a template.
//! Its line in [`pages::routes`] says which scope it needs. A [`Visitor`](visitor::Visitor) looks; whoever changes
//! something sends a [`Form`](form::Form), which is believed only with the token of its session and from a page of
//! ours. Texts stand in `messages/*.toml`, one file a language with the same keys; templates in `templates/`.
//!
//! A template that names what its page did not hand over fails: `tests/tests/console.rs` visits all of them.

mod charts;
mod form;
mod guard;
mod history;
mod messages;
pub(crate) mod offline;
mod pages;
mod trouble;
mod view;
mod visitor;

pub(crate) use form::Fields;
pub(crate) use guard::guarded;
pub(crate) use history::{Board, Counted};
pub(crate) use messages::language;
pub(crate) use pages::assets::handler as asset;
pub(crate) use pages::language::handler as choose_language;
pub(crate) use pages::routes;
pub(crate) use trouble::{as_told, shown};
pub(crate) use view::{Done, page};
