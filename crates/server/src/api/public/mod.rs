//! What anybody may read.

pub(crate) mod docs;
pub(crate) mod health;
pub(crate) mod jwks;
pub(crate) mod keyset;
pub(crate) mod metrics;
pub(crate) mod openapi;
pub(crate) mod ready;
pub(crate) mod renewal;
pub(crate) mod revocations;
