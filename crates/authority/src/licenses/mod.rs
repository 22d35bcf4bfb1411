//! Licences: issued, looked at, suspended, resumed, revoked, validated.

pub mod cancel;
pub mod customer_key;
pub mod grace;
pub mod issue;
pub mod list;
pub mod reissue;
pub mod resume;
pub mod revoke;
pub mod suspend;
pub mod validate;
pub mod waive;

use std::collections::BTreeMap;

use licentia_license::License as Claims;

/// The features of a licence as answers list them.
pub(crate) fn feature_names(claims: &Claims) -> Vec<String> {
    claims.features.iter().map(ToString::to_string).collect()
}

/// The limits of a licence as answers list them.
pub(crate) fn named_limits(claims: &Claims) -> BTreeMap<String, Option<u64>> {
    claims.limits.iter().map(|(name, most)| (name.to_string(), *most)).collect()
}
