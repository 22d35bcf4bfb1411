//! Licences: issued, looked at, suspended, resumed, revoked, validated.

pub mod customer_key;
pub mod issue;
pub mod list;
pub mod reissue;
pub mod resume;
pub mod revoke;
pub mod suspend;
pub mod validate;
