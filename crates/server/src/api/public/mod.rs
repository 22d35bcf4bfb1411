//! What anybody may read.

pub(crate) mod health;
pub(crate) mod jwks;
pub(crate) mod keyset;
pub(crate) mod ready;
