//! What every endpoint for products begins with: who asks, whether he may go on, and what he brought along.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;
use licentia_authority::{Caller, Holder, Listener};
use licentia_protocol::Code;
use tokio::time::Instant;
use uuid::Uuid;

use crate::address::Proxies;
use crate::extract::idempotency_key;
use crate::limits::streams::Stream;
use crate::limits::{Credential, Limited, Limits};
use crate::problem::Failure;

/// An endpoint's caller.
pub(crate) struct Gate {
    limits: Arc<Limits>,
    address: IpAddr,
    idempotency_key: Option<String>,
}

impl<S> FromRequestParts<S> for Gate
where
    S: Send + Sync,
    Arc<Limits>: FromRef<S>,
    Arc<Proxies>: FromRef<S>,
{
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        // Without a connection, in a test of the router alone, everybody is one stranger.
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or_else(|| SocketAddr::from(([0, 0, 0, 0], 0)), |info| info.0);
        let idempotency_key = idempotency_key(&parts.headers)?;
        Ok(Self {
            limits: Arc::from_ref(state),
            address: Arc::<Proxies>::from_ref(state).caller(peer, &parts.headers),
            idempotency_key,
        })
    }
}

impl Gate {
    /// Whether the request may go on. Comes before anything is looked up.
    pub(crate) fn enter(&self, credential: Option<Credential<'_>>) -> Result<(), Failure> {
        self.limits.enter(self.address, credential, Instant::now()).map_err(Failure::from)
    }

    /// What was shown is good: from now on its holder is limited for himself.
    pub(crate) fn good(&self, credential: Credential<'_>, holder: Holder) {
        self.limits.good(self.address, credential, holder);
    }

    /// A key of this licence is good; no activation came of it.
    pub(crate) fn good_key(&self, key: &str, license_id: Uuid) {
        let holder = Holder { license_id, activation_id: Uuid::nil(), contacts_per_minute: None };
        self.limits.good_at_first(self.address, Credential::Key(key), holder);
    }

    /// Counts a key that nobody knows.
    pub(crate) fn failed(&self, code: &str) {
        if [Code::UnknownLicense.as_str(), Code::WrongCredentials.as_str()].contains(&code) {
            self.limits.guessed(self.address, Instant::now());
        }
    }

    /// Counts an open stream until it is dropped.
    pub(crate) fn stream(&self, listener: Listener) -> Result<Stream, Failure> {
        Ok(self.limits.stream(listener.activation_id, listener.license_id)?)
    }

    /// The address, and the idempotency key.
    pub(crate) fn caller(&self) -> Caller {
        Caller { origin: self.origin(), idempotency_key: self.idempotency_key.clone() }
    }

    /// The address.
    pub(crate) fn address(&self) -> IpAddr {
        self.address
    }

    /// The address, for the audit trail.
    pub(crate) fn origin(&self) -> String {
        self.address.to_string()
    }
}

impl From<Limited> for Failure {
    fn from(limited: Limited) -> Self {
        Self::later(Code::RateLimited, limited.0)
    }
}
