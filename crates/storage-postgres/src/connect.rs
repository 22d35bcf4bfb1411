//! Connecting: to the one host that is the primary, and never again to one that was.

use std::future::poll_fn;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::join_all;
use licentia_storage::{Result, StorageError};
use tokio::sync::Notify;
use tokio_postgres::error::SqlState;
use tokio_postgres::{AsyncMessage, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{connect_error, storage_error};
use crate::place::{Newest, Place};
use crate::tls;
use crate::transaction::FLUSH;
use crate::url::Url;

/// What holds for every connection: a statement, a wait for a lock and a transaction that does nothing all end,
/// and a client that went away without a word is noticed, so that its locks are free again within seconds.
const SESSION: &str = "
    SET statement_timeout = '30s'; SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '10s';
    SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
    SET client_min_messages = warning";

/// Where the write-ahead log of a primary is: its cluster, and its timeline, which grows with every promotion.
const PLACE: &str = "
    SELECT (SELECT system_identifier FROM pg_control_system()),
           ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::bigint";
const IS_STANDBY: &str =
    "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean";

/// The hosts of a database, and the newest primary seen among them.
pub(crate) struct Server {
    hosts: Vec<Config>,
    tls: MakeRustlsConnect,
    newest: Newest,
    notified: Arc<Notify>,
}

/// A connection to a primary. Dropping it ends the session.
pub(crate) struct Connected {
    pub(crate) client: Client,
    /// `None` on engines that speak the protocol but have no timelines.
    place: Option<Place>,
    /// Whether the log can be flushed apart from a commit.
    pub(crate) flushes: bool,
}

impl Server {
    /// `memory` is a file for the newest primary that was seen.
    pub(crate) fn parse(url: &str, memory: Option<PathBuf>) -> Result<Self> {
        let url = Url::parse(url)?;
        let tls = MakeRustlsConnect::new(tls::config(url.roots.as_deref())?);
        Ok(Self { hosts: url.hosts, tls, newest: Newest::read(memory), notified: Arc::default() })
    }

    /// Connects to the primary. Several hosts are asked at once: after a fail-over the old primary may be back
    /// and take itself for one still, and the timeline tells which of two is newer.
    pub(crate) async fn connect(&self) -> Result<Connected> {
        let answers = join_all(self.hosts.iter().map(|host| self.connect_to(host))).await;
        let mut newest: Option<Connected> = None;
        let mut refusals = Vec::new();
        for answer in answers {
            match answer {
                Ok(connected) => {
                    let timeline = |one: &Connected| one.place.map(|place| place.timeline);
                    if newest.as_ref().is_none_or(|best| timeline(best) < timeline(&connected)) {
                        newest = Some(connected);
                    }
                }
                Err(error) => refusals.push(error),
            }
        }
        let Some(connected) = newest else { return Err(combined(refusals)) };
        if self.newest.admit(connected.place) {
            Ok(connected)
        } else {
            Err(unavailable(
                "the only primary that answers is one that was replaced by a promotion",
            ))
        }
    }

    pub(crate) fn has_several_hosts(&self) -> bool {
        self.hosts.len() > 1
    }

    /// Waits for a notification on any connection that listens for one.
    pub(crate) async fn notified(&self) {
        self.notified.notified().await;
    }

    /// Whether no newer primary was seen since this connection was made.
    pub(crate) fn still_trusts(&self, connected: &Connected) -> bool {
        self.newest.admit(connected.place)
    }

    async fn connect_to(&self, host: &Config) -> Result<Connected> {
        let connected = host.connect(self.tls.clone()).await;
        let (client, mut connection) = connected.map_err(|error| connect_error(&error))?;
        let notified = Arc::clone(&self.notified);
        tokio::spawn(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                match message {
                    Ok(AsyncMessage::Notification(_)) => notified.notify_one(),
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, "a connection to the database broke");
                        return;
                    }
                }
            }
        });
        if is_standby(&client).await? {
            return Err(unavailable("it is a standby and takes no changes"));
        }
        let place = place(&client).await?;
        client.batch_execute(SESSION).await.map_err(storage_error)?;
        let flushes = flushes(&client).await?;
        Ok(Connected { client, place, flushes })
    }
}

async fn is_standby(client: &Client) -> Result<bool> {
    let row = client.query_one(IS_STANDBY, &[]).await.map_err(storage_error)?;
    row.try_get(0).map_err(storage_error)
}

async fn place(client: &Client) -> Result<Option<Place>> {
    match client.query_one(PLACE, &[]).await {
        Ok(row) => {
            let (cluster, timeline) = (row.try_get(0), row.try_get(1));
            Ok(Some(Place {
                cluster: cluster.map_err(storage_error)?,
                timeline: timeline.map_err(storage_error)?,
            }))
        }
        // Engines that speak the protocol but keep no such log; they elect their own leader.
        Err(error)
            if matches!(
                error.code(),
                Some(&SqlState::UNDEFINED_FUNCTION | &SqlState::FEATURE_NOT_SUPPORTED)
            ) =>
        {
            Ok(None)
        }
        Err(error) => Err(storage_error(error)),
    }
}

async fn flushes(client: &Client) -> Result<bool> {
    match client.batch_execute(FLUSH).await {
        Ok(()) => Ok(true),
        // Not there, or not for this role.
        Err(error) if error.as_db_error().is_some() => Ok(false),
        Err(error) => Err(storage_error(error)),
    }
}

/// One message for all hosts.
fn combined(refusals: Vec<StorageError>) -> StorageError {
    let mut texts = Vec::new();
    for refusal in refusals {
        match refusal {
            StorageError::Unavailable(text) => texts.push(text),
            other => return other,
        }
    }
    texts.dedup();
    StorageError::Unavailable(texts.join("; "))
}

fn unavailable(reason: &str) -> StorageError {
    StorageError::Unavailable(reason.to_owned())
}
