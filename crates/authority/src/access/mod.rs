//! Who an operator is: the holder of an API token or of a session, what he may do, and on whose behalf.
//!
//! Every request reads the credential and its operator from the database, so one that was revoked, has ended, or
//! whose operator was given another role, fails or is cut down at the very next request, on every replica.

pub(crate) mod codes;
pub(crate) mod password;

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_issue::master::equal_bytes;
use licentia_model::operator::Role;
use licentia_model::scope::Resource;
use licentia_model::{Operator, Scope};
use uuid::Uuid;

use crate::audit::Actor;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::secrets::{API_TOKEN, SESSION};

/// How exactly the last use of a credential is known, in seconds.
const USED_EVERY_S: i64 = 60;

/// What an operator showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Credential {
    /// An API token.
    Token(Uuid),
    /// A session.
    Session(Uuid),
    /// Whoever may read the master key: the local command line.
    Local,
}

/// An operator who may do something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The operator; nil for the local command line.
    pub operator_id: Uuid,
    /// Its name.
    pub name: String,
    /// Its role, which caps the scopes.
    pub role: Role,
    /// What it showed.
    pub credential: Credential,
    /// Whether the use of that is to be put down.
    pub unnoted: bool,
    scopes: Vec<Scope>,
}

impl Principal {
    /// The local command line: whoever may read the master key may do everything.
    #[must_use]
    pub fn local() -> Self {
        Self {
            operator_id: Uuid::nil(),
            name: "local".into(),
            role: Role::Owner,
            credential: Credential::Local,
            unnoted: false,
            scopes: vec![Scope::Admin],
        }
    }

    /// Whether both the role and what was shown allow it.
    #[must_use]
    pub fn may(&self, scope: Scope) -> bool {
        self.role.may(scope) && self.was_given(scope)
    }

    /// Whether what was shown covers it, whatever the role.
    pub(crate) fn was_given(&self, scope: Scope) -> bool {
        self.scopes.iter().any(|own| own.covers(scope))
    }

    /// Whether it may deal with tokens and sessions of others.
    pub(crate) fn is_over_others(&self) -> bool {
        self.may(Scope::write(Resource::Operators))
    }

    /// Whether it may deal with what belongs to this operator.
    pub(crate) fn reaches(&self, operator_id: Uuid) -> bool {
        self.operator_id == operator_id || self.is_over_others()
    }

    /// For the audit trail.
    #[must_use]
    pub fn actor(&self, origin: &str) -> Actor {
        Actor::new(format!("operator:{}", self.name), origin)
    }
}

impl Authority {
    /// Who shows this token; `None`: nobody who may do anything.
    pub async fn authenticate(&self, token: &str) -> Result<Option<Principal>, AuthorityError> {
        if token.starts_with(API_TOKEN) {
            self.holder_of_token(token).await
        } else if token.starts_with(SESSION) {
            self.holder_of_session(token).await
        } else {
            Ok(None)
        }
    }

    async fn holder_of_token(&self, token: &str) -> Result<Option<Principal>, AuthorityError> {
        let hash = self.api_token_hash(token);
        self.read(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let Some(token) = tx.api_token(&hash).await?.filter(|token| token.is_good(now))
                else {
                    return Ok(None);
                };
                let Some(operator) = tx.operator(token.operator_id).await? else { return Ok(None) };
                let unnoted = is_old(token.last_used_at, now);
                let credential = Credential::Token(token.id);
                Ok(Some(principal(operator, credential, token.scopes, unnoted)))
            })
        })
        .await
    }

    async fn holder_of_session(&self, token: &str) -> Result<Option<Principal>, AuthorityError> {
        let hash = self.session_hash(token);
        self.read(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let Some(session) = tx.session(&hash).await?.filter(|session| session.is_good(now))
                else {
                    return Ok(None);
                };
                let Some(operator) = tx.operator(session.operator_id).await? else {
                    return Ok(None);
                };
                let unnoted = is_old(Some(session.last_used_at), now);
                let credential = Credential::Session(session.id);
                Ok(Some(principal(operator, credential, vec![Scope::Admin], unnoted)))
            })
        })
        .await
    }

    /// Puts down that credentials were used just now. Not part of the requests that they opened.
    pub async fn note_uses(&self, used: Vec<Credential>) -> Result<(), AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                for credential in used {
                    match credential {
                        Credential::Token(id) => tx.touch_api_token(id, now).await?,
                        Credential::Session(id) => tx.touch_session(id, now).await?,
                        Credential::Local => false,
                    };
                }
                Ok(())
            })
        })
        .await
    }

    pub(crate) fn api_token_hash(&self, token: &str) -> [u8; 32] {
        self.master().hash("api token", token.as_bytes())
    }

    pub(crate) fn session_hash(&self, token: &str) -> [u8; 32] {
        self.master().hash("session token", token.as_bytes())
    }
}

impl Authority {
    /// What a page of ours sends with the cookie of a session, to show that the request is its own.
    #[must_use]
    pub fn csrf_token(&self, session: &str) -> String {
        Base64UrlUnpadded::encode_string(&self.master().hash("csrf token", session.as_bytes()))
    }

    /// Whether that was sent.
    #[must_use]
    pub fn is_csrf_token(&self, session: &str, shown: &[u8]) -> bool {
        equal_bytes(self.csrf_token(session).as_bytes(), shown)
    }
}

fn principal(
    operator: Operator,
    credential: Credential,
    scopes: Vec<Scope>,
    unnoted: bool,
) -> Principal {
    Principal {
        operator_id: operator.id,
        name: operator.name,
        role: operator.role,
        credential,
        unnoted,
        scopes,
    }
}

fn is_old(used_at: Option<i64>, now: i64) -> bool {
    used_at.is_none_or(|at| now.saturating_sub(at) >= USED_EVERY_S)
}
