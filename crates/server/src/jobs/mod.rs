//! What runs beside the requests.

pub(crate) mod events;
pub(crate) mod prune;
