//! What payment providers call.

pub(crate) mod deliver;
