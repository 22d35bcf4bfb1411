//! What products call. No log-in: the licence key, then the access token, is the credential.

pub(crate) mod activate;
pub(crate) mod deactivate;
pub(crate) mod events;
pub(crate) mod grace;
pub(crate) mod heartbeat;
pub(crate) mod offline;
pub(crate) mod renew;
pub(crate) mod validate;
