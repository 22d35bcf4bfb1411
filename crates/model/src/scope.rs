//! What a credential may be used for: `RESOURCE:read`, `RESOURCE:write`, or `admin` for all that its operator may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::operator::Role;
use crate::{UnknownWord, words};

words! {
    /// What operators deal with.
    Resource {
        /// Products.
        Products = "products",
        /// Plans.
        Plans = "plans",
        /// Customers.
        Customers = "customers",
        /// Licences.
        Licenses = "licenses",
        /// Activations and their seats.
        Activations = "activations",
        /// Signing keys.
        Keys = "keys",
        /// Revocation lists.
        Revocations = "revocations",
        /// Usage.
        Usage = "usage",
        /// What payment providers told.
        Payments = "payments",
        /// Releases.
        Releases = "releases",
        /// Webhooks.
        Webhooks = "webhooks",
        /// Jobs: mails, webhooks and other side effects, done, due or dead.
        Jobs = "jobs",
        /// Operators and what they log in with.
        Operators = "operators",
        /// API tokens: an operator's own, and everybody's for an owner.
        Tokens = "tokens",
        /// Sessions: an operator's own, and everybody's for an owner.
        Sessions = "sessions",
        /// The audit trail.
        Audit = "audit",
    }
}

words! {
    /// To look or to change; who may change may look.
    Access {
        /// Look.
        Read = "read",
        /// Change.
        Write = "write",
    }
}

/// What a credential may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Scope {
    /// All that its operator may do.
    Admin,
    /// One resource.
    On(Resource, Access),
}

impl Scope {
    /// To look at a resource.
    #[must_use]
    pub const fn read(resource: Resource) -> Self {
        Self::On(resource, Access::Read)
    }

    /// To change a resource.
    #[must_use]
    pub const fn write(resource: Resource) -> Self {
        Self::On(resource, Access::Write)
    }

    /// Every scope, `admin` first.
    pub fn all() -> impl Iterator<Item = Self> {
        let on = |resource: &Resource| [Self::read(*resource), Self::write(*resource)];
        std::iter::once(Self::Admin).chain(Resource::ALL.iter().flat_map(on))
    }

    /// Whether whoever was given this one has `wanted` too.
    #[must_use]
    pub fn covers(self, wanted: Self) -> bool {
        match (self, wanted) {
            (Self::Admin, _) => true,
            (Self::On(own, access), Self::On(resource, needed)) => {
                own == resource && (access == needed || access == Access::Write)
            }
            (Self::On(..), Self::Admin) => false,
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admin => f.write_str("admin"),
            Self::On(resource, access) => write!(f, "{resource}:{access}"),
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        if text == "admin" {
            return Ok(Self::Admin);
        }
        let unknown = || UnknownWord(text.to_owned());
        let (resource, access) = text.split_once(':').ok_or_else(unknown)?;
        match (resource.parse(), access.parse()) {
            (Ok(resource), Ok(access)) => Ok(Self::On(resource, access)),
            _ => Err(unknown()),
        }
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = UnknownWord;

    fn try_from(text: String) -> Result<Self, UnknownWord> {
        text.parse()
    }
}

impl Role {
    /// Whether an operator of this role may do so. It caps every token and session of his.
    #[must_use]
    pub fn may(self, scope: Scope) -> bool {
        let Scope::On(resource, access) = scope else { return self == Self::Owner };
        match (self, access) {
            (Self::Owner, _) => true,
            // What gets him in is his own business, whatever he may do then; whose it is, is asked further in.
            (_, _) if matches!(resource, Resource::Tokens | Resource::Sessions) => true,
            (_, Access::Read) => true,
            (Self::Operator, Access::Write) => {
                !matches!(resource, Resource::Operators | Resource::Keys | Resource::Audit)
            }
            (Self::Support, Access::Write) => resource == Resource::Activations,
            (Self::ReadOnly, Access::Write) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_is_read_as_it_is_written() {
        for scope in Scope::all() {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        for wrong in ["", "Admin", "licenses", "licenses:", ":read", "licenses:delete", "x:read"] {
            assert!(wrong.parse::<Scope>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn writing_covers_reading_and_admin_covers_all() {
        let (read, write) = (Scope::read(Resource::Licenses), Scope::write(Resource::Licenses));
        assert!(write.covers(read) && !read.covers(write) && read.covers(read));
        assert!(!write.covers(Scope::read(Resource::Plans)) && !write.covers(Scope::Admin));
        assert!(Scope::all().all(|scope| Scope::Admin.covers(scope)));
    }

    #[test]
    fn t5_roles_do_what_their_names_say() {
        let writes = |role: Role| -> Vec<&str> {
            let may = |resource: &&Resource| role.may(Scope::write(**resource));
            Resource::ALL.iter().filter(may).map(|resource| resource.as_str()).collect()
        };
        assert_eq!(writes(Role::Owner).len(), Resource::ALL.len());
        let operator = writes(Role::Operator);
        assert!(operator.contains(&"licenses") && operator.contains(&"webhooks"));
        assert!(!["operators", "keys", "audit"].iter().any(|word| operator.contains(word)));
        assert_eq!(writes(Role::Support), ["activations", "tokens", "sessions"]);
        assert_eq!(writes(Role::ReadOnly), ["tokens", "sessions"]);
        for role in Role::ALL {
            assert!(Resource::ALL.iter().all(|resource| role.may(Scope::read(*resource))));
            assert_eq!(role.may(Scope::Admin), *role == Role::Owner);
        }
    }
}
