//! Sessions of operators.

pub mod begin;
pub mod end;
pub mod list;
pub mod vouched;
