//! Runs the server until it is told to stop: then it is not ready any more, soon takes no new connection, finishes
//! the running requests, and flushes the database.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use licentia_authority::Authority;
use licentia_authority::mail::KIND;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::address::Proxies;
use crate::api::public::metrics::Readers;
use crate::artifacts;
use crate::config::Config;
use crate::console::Board;
use crate::jobs;
use crate::jobs::scheduler::Scheduler;
use crate::jobs::work::Worker;
use crate::limits::Limits;
use crate::lists::Publisher;
use crate::metrics::Metrics;
use crate::oidc;
use crate::payments;
use crate::portal::Brand;
use crate::router::{Facts, Services, Shared, Vouching, router};
use crate::system::variables;

/// How long running requests may take after the stop signal.
const DRAIN: Duration = Duration::from_secs(10);

/// A server that has its port.
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// Whether the server was told to stop.
#[derive(Clone)]
pub(crate) struct Draining(pub(crate) watch::Receiver<bool>);

impl Draining {
    pub(crate) fn is_on(&self) -> bool {
        *self.0.borrow()
    }
}

impl Server {
    /// Takes the port.
    pub async fn bind(address: SocketAddr) -> std::io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// The address, with the port that was taken.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` is ready, then drains and closes the authority.
    pub async fn run(
        self,
        authority: Authority,
        config: Config,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        let vouching = Vouching(
            oidc::Provider::of(&config.oidc).map_err(std::io::Error::other)?.map(Arc::new),
        );
        let tills = payments::open(&config.payments).map_err(std::io::Error::other)?;
        let (stopping, stopped) = watch::channel(false);
        let feed = jobs::events::start(authority.clone(), stopped.clone());
        let metrics = Arc::<Metrics>::default();
        jobs::refusals::start(authority.clone(), stopped.clone());
        Scheduler::new(authority.clone(), config.clone(), Arc::clone(&metrics))
            .start(stopped.clone());
        let carriers = jobs::carriers(&authority, &config).map_err(std::io::Error::other)?;
        let mails = carriers.iter().any(|carrier| carrier.kind() == KIND);
        jobs::dispatch::start(authority.clone(), mails, Arc::clone(&metrics), stopped.clone());
        let workers: Vec<_> = carriers
            .into_iter()
            .map(|carrier| Worker::new(authority.clone(), carrier, Arc::clone(&metrics)))
            .map(|worker| worker.start(stopped.clone()))
            .collect();
        let board = Arc::<Board>::default();
        let (told, kept) = (Arc::clone(&metrics), Arc::clone(&board));
        jobs::count::start(authority.clone(), told, kept, stopped.clone());
        // Before anybody is served: whoever comes first after an outage finds the seats as they were.
        jobs::alive::mark(&authority).await;
        jobs::alive::start(authority.clone(), stopped.clone());
        jobs::checkpoint::start(authority.clone(), Arc::clone(&metrics), stopped.clone());
        let publisher = Publisher::open(authority.clone(), &config.revocations, variables())
            .map_err(std::io::Error::other)?;
        let (to_publish, seen) = (publisher.clone(), Arc::clone(&metrics));
        let poll_s = config.revocations.poll_s;
        jobs::revocations::start(
            authority.clone(),
            to_publish,
            &feed,
            poll_s,
            seen,
            stopped.clone(),
        );
        let (drain, draining) = watch::channel(false);
        let notice = Duration::from_secs(config.server.drain_s.into());
        let proxies =
            Proxies { networks: config.server.proxies.clone(), header: config.server.forwarded };
        let app = router(Shared::new(Services {
            authority: authority.clone(),
            feed,
            limits: Arc::new(Limits::new(config.limits)),
            proxies: Arc::new(proxies),
            draining: Draining(draining),
            uses: jobs::uses::start(authority.clone(), stopped.clone()),
            metrics,
            readers: Readers(config.metrics.allow.clone()),
            publisher,
            artifacts: artifacts::of(&authority, &config.releases),
            vouching,
            tills: Arc::new(tills),
            insecure: config.server.insecure,
            board,
            facts: Facts(Arc::new(config.facts())),
            brand: Arc::new(Brand::of(&config.portal, mails && authority.has_public_url())),
        }));
        let mut drained = stopped.clone();
        let serving =
            axum::serve(self.listener, app.into_make_service_with_connect_info::<SocketAddr>())
                .with_graceful_shutdown(async move {
                    stop.await;
                    drain.send_replace(true);
                    tokio::time::sleep(notice).await;
                    stopping.send_replace(true);
                });
        let result = tokio::select! {
            result = serving => result,
            () = async {
                // A connection that does not end by itself must not keep the process alive.
                let _ = drained.changed().await;
                tokio::time::sleep(DRAIN).await;
            } => Ok(()),
        };
        // What is under way is settled, so that it is not done again; what hangs is.
        let _ = tokio::time::timeout(DRAIN, async {
            for worker in workers {
                let _ = worker.await;
            }
        })
        .await;
        jobs::refusals::sum(&authority).await;
        jobs::alive::mark(&authority).await;
        jobs::checkpoint::write(&authority).await;
        authority.close().await;
        result
    }
}
