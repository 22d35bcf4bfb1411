//! Licences: issued, looked at, suspended, resumed, revoked, validated.

pub(crate) mod amend;
pub mod bulk;
pub mod cancel;
pub mod change_plan;
pub mod convert;
pub mod customer_key;
pub mod examine;
pub mod floor;
pub mod grace;
pub(crate) mod grant;
pub mod import;
pub mod issue;
pub mod keys;
pub mod list;
pub mod maintain;
pub mod preview;
pub mod quotas;
pub mod reissue;
pub mod renew;
pub mod renewal_link;
mod replace_key;
pub mod resume;
pub mod revocations;
pub mod revoke;
mod search;
pub mod simulate;
pub mod suspend;
pub mod term;
pub mod transfer;
pub(crate) mod trials;
pub mod upgrade;
pub mod usage;
pub mod validate;
pub mod waive;

use std::collections::BTreeMap;

use licentia_license::License as Claims;

use crate::error::AuthorityError;

/// A reason is for people, and for the trail.
pub(crate) fn check_reason(reason: Option<&str>) -> Result<(), AuthorityError> {
    match reason {
        Some(text) if text.chars().count() > 500 || text.chars().any(char::is_control) => {
            Err(AuthorityError::Invalid {
                field: "reason",
                problem: "it must be at most 500 characters without control characters".into(),
            })
        }
        _ => Ok(()),
    }
}

/// The features of a licence as answers list them.
pub(crate) fn feature_names(claims: &Claims) -> Vec<String> {
    claims.features.iter().map(ToString::to_string).collect()
}

/// The limits of a licence as answers list them.
pub(crate) fn named_limits(claims: &Claims) -> BTreeMap<String, Option<u64>> {
    claims.limits.iter().map(|(name, most)| (name.to_string(), *most)).collect()
}
