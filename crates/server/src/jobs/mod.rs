//! What runs beside the requests.

pub(crate) mod alive;
pub(crate) mod checkpoint;
pub(crate) mod count;
pub(crate) mod events;
pub(crate) mod prune;
pub(crate) mod uses;
