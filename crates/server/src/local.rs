//! The endpoints without a network: what the command line calls on a local data directory, so that it says and gets the
//! same as on a remote one.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response};
use licentia_authority::{Actor, Authority};
use tokio::sync::watch;
use tower::Service;

use crate::address::Proxies;
use crate::api::admin::caller::InProcess;
use crate::api::public::metrics::Readers;
use crate::artifacts::{self, Artifacts};
use crate::config::Config;
use crate::jobs::events::Feed;
use crate::jobs::uses::Uses;
use crate::limits::Limits;
use crate::lists::Publisher;
use crate::router::{Facts, Services, Shared, Vouching, router};
use crate::serve::Draining;

/// An authority in this process, and who asks it.
#[derive(Clone)]
pub struct Local {
    router: Router,
    actor: Actor,
    artifacts: Option<Artifacts>,
}

impl Local {
    /// Whoever can open the authority may do everything with it.
    #[must_use]
    pub fn new(authority: Authority, actor: Actor) -> Self {
        let publisher = Publisher::of_database(authority.clone());
        Self::with(authority, actor, publisher)
    }

    /// The same, with the places that revocations come from and go to.
    #[must_use]
    pub fn with(authority: Authority, actor: Actor, publisher: Publisher) -> Self {
        let config = Config::default();
        let artifacts = artifacts::of(&authority, &config.releases);
        let proxies = Proxies { networks: Vec::new(), header: config.server.forwarded };
        let router = router(Shared::new(Services {
            authority,
            feed: Feed::silent(),
            limits: Arc::new(Limits::new(config.limits)),
            proxies: Arc::new(proxies),
            insecure: true,
            draining: Draining(watch::channel(false).1),
            uses: Uses::nowhere(),
            metrics: Arc::default(),
            readers: Readers::default(),
            board: Arc::default(),
            facts: Facts::default(),
            brand: Arc::default(),
            publisher,
            artifacts,
            vouching: Vouching::default(),
            tills: Arc::default(),
        }));
        Self { router, actor, artifacts: None }
    }

    /// With the store of releases that a configuration names.
    #[must_use]
    pub fn storing(self, artifacts: Artifacts) -> Self {
        Self { artifacts: Some(artifacts), ..self }
    }

    /// Asks.
    pub async fn call(&self, mut request: Request<Body>) -> Response<Body> {
        request.extensions_mut().insert(InProcess(self.actor.clone()));
        if let Some(artifacts) = &self.artifacts {
            request.extensions_mut().insert(artifacts.clone());
        }
        let answered: Result<_, Infallible> = self.router.clone().call(request).await;
        match answered {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}
