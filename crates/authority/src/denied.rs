//! A product's request that is answered with no.

use licentia_license::refusal::Refusal;
use licentia_protocol::problem::Holder;
use licentia_protocol::{Code, Problem};
use uuid::Uuid;

use crate::authority::Authority;
use crate::error::AuthorityError;

/// How long a signed refusal counts, in seconds: long enough for a slow line, too short to be kept.
const REFUSAL_LIFE_S: i64 = 300;

/// The answer no, before it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Denied {
    pub(crate) code: Code,
    pub(crate) what: Option<String>,
    pub(crate) license_id: Option<Uuid>,
    pub(crate) grace_until: Option<i64>,
    pub(crate) holders: Vec<Holder>,
}

impl Denied {
    pub(crate) fn new(code: Code) -> Self {
        Self { code, what: None, license_id: None, grace_until: None, holders: Vec::new() }
    }

    pub(crate) fn malformed(what: impl Into<String>) -> Self {
        Self::new(Code::Malformed).because(what)
    }

    pub(crate) fn because(mut self, what: impl Into<String>) -> Self {
        self.what = Some(what.into());
        self
    }

    pub(crate) fn of(mut self, license_id: Uuid) -> Self {
        self.license_id = Some(license_id);
        self
    }
}

impl From<Code> for Denied {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

/// Whom a refusal answers: without the nonce it could be replayed to others.
pub(crate) struct Asker<'a> {
    pub(crate) nonce: Option<&'a str>,
    pub(crate) cluster_id: Option<&'a str>,
}

impl Authority {
    /// Signs the answer no, where it is one that can stop a product.
    pub(crate) fn refuse(&self, denied: Denied, asker: &Asker<'_>) -> Problem {
        if denied.code != Code::Malformed {
            self.refusals().count(denied.code);
        }
        let mut problem = Problem::new(denied.code);
        if let Some(what) = &denied.what {
            problem = problem.because(what);
        }
        problem.holders = denied.holders;
        if let (true, Some(nonce)) = (denied.code.is_refusal(), asker.nonce) {
            let now = self.clock().now();
            let refusal = Refusal {
                iss: self.issuer().to_owned(),
                iat: now,
                exp: now.saturating_add(REFUSAL_LIFE_S),
                code: denied.code.as_str().to_owned(),
                nonce: nonce.to_owned(),
                sub: denied.license_id.map(|id| id.to_string()),
                cluster_id: asker.cluster_id.map(str::to_owned),
                grace_until: denied.grace_until,
            };
            match self.sign(&refusal) {
                Ok(token) => problem.refusal = Some(token),
                Err(error) => tracing::error!(%error, "a refusal could not be signed"),
            }
        }
        problem
    }
}

/// A failure as the product sees it: never what failed, and never a refusal.
pub(crate) fn failure(error: &AuthorityError) -> Problem {
    match error {
        AuthorityError::Storage(licentia_storage::StorageError::Unavailable(_)) => {
            tracing::warn!(%error, "a product's request was put off");
            Problem::new(Code::Unavailable)
        }
        _ => {
            tracing::error!(%error, "a product's request failed");
            Problem::new(Code::Internal)
        }
    }
}
