//! Releases from the command line to customers: published in parts, downloaded by links, installed by pip.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod covered;
mod large;
mod links;
mod maintenance;
mod personal;
mod publish;
mod python_index;
mod shop;
mod store;
