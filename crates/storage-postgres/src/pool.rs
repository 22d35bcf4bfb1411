//! The pool of connections.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{Manager, Metrics, Object, Pool, PoolError, RecycleError, RecycleResult};
use licentia_storage::{Result, StorageError};
use tokio_postgres::{Client, Error, Statement};

use crate::connect::{Connected, Server};

/// Makes connections, and lets go of those that are not to be used again.
pub(crate) struct Connections {
    server: Arc<Server>,
}

/// A connection that writes to the primary, with the statements it has prepared.
pub(crate) struct Connection {
    connected: Connected,
    statements: HashMap<&'static str, Statement>,
    given_up: bool,
}

impl Manager for Connections {
    type Type = Connection;
    type Error = StorageError;

    async fn create(&self) -> Result<Connection> {
        let connected = self.server.connect().await?;
        Ok(Connection { connected, statements: HashMap::new(), given_up: false })
    }

    async fn recycle(
        &self,
        connection: &mut Connection,
        _: &Metrics,
    ) -> RecycleResult<StorageError> {
        let usable = !connection.given_up
            && !connection.connected.client.is_closed()
            && self.server.still_trusts(&connection.connected);
        if usable { Ok(()) } else { Err(RecycleError::message("given up")) }
    }
}

/// A connection on loan.
pub(crate) struct Pooled(Object<Connections>);

impl Pooled {
    pub(crate) fn client(&self) -> &Client {
        &self.0.connected.client
    }

    /// Whether a job can be committed first and flushed then.
    pub(crate) fn flushes(&self) -> bool {
        self.0.connected.flushes
    }

    /// The statement, parsed once a connection.
    pub(crate) async fn prepared(
        &mut self,
        sql: &'static str,
    ) -> std::result::Result<Statement, Error> {
        if let Some(statement) = self.0.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.0.connected.client.prepare(sql).await?;
        self.0.statements.insert(sql, statement.clone());
        Ok(statement)
    }

    /// Not to be used again, whatever became of it.
    pub(crate) fn discard(&mut self) {
        self.0.given_up = true;
    }
}

/// The connections of one store.
pub(crate) struct Lenders {
    pool: Pool<Connections>,
}

impl Lenders {
    pub(crate) fn new(server: Arc<Server>, most: usize, wait: Duration) -> Result<Self> {
        let pool = Pool::builder(Connections { server })
            .max_size(most)
            .wait_timeout(Some(wait))
            // A host that does not answer must not hold a request for longer than the wait for a connection.
            .create_timeout(Some(wait))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| StorageError::Internal(error.to_string()))?;
        Ok(Self { pool })
    }

    pub(crate) async fn lend(&self) -> Result<Pooled> {
        match self.pool.get().await {
            Ok(connection) => Ok(Pooled(connection)),
            Err(PoolError::Backend(error)) => Err(error),
            Err(PoolError::Timeout(_)) => {
                Err(StorageError::Unavailable("no connection to it was free in time".into()))
            }
            Err(PoolError::Closed) => Err(StorageError::Unavailable("it is closed".into())),
            Err(error) => Err(StorageError::Internal(error.to_string())),
        }
    }

    pub(crate) fn close(&self) {
        self.pool.close();
    }
}
