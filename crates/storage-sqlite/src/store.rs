//! The store: the queues in front of the threads.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_trait::async_trait;
use licentia_storage::{Access, Job, Result, StorageError, Store};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::checkpoint::{Checkpoints, checkpoints};
use crate::job::Task;
use crate::transaction::SqliteTransaction;
use crate::{connect, reader, writer};

/// How a database is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long to wait while another process writes.
    pub busy_timeout: Duration,
    /// Threads for reading jobs; at least one.
    pub readers: usize,
    /// Jobs that may wait, in each of the two queues; one more is
    /// [`Unavailable`](StorageError::Unavailable). A job holds its request, some KiB as a rule, so 4,096 of
    /// them are some 16 MiB; at 10,000 jobs a second the last of them waits for less than half a second.
    pub queue: usize,
    /// Jobs that share one commit at most.
    pub batch: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5), readers: 2, queue: 4096, batch: 256 }
    }
}

/// An SQLite database. Dropping it without [`Store::close`] also finishes what was submitted, unwatched.
#[derive(Debug)]
pub struct SqliteStore {
    queues: Mutex<Option<Queues>>,
    threads: tokio::sync::Mutex<Vec<Worker>>,
}

#[derive(Debug)]
struct Queues {
    read: SyncSender<Task>,
    write: SyncSender<Task>,
}

#[derive(Debug)]
struct Worker {
    handle: JoinHandle<()>,
    /// Ends with the thread, so that waiting for it needs no thread of the runtime.
    ended: oneshot::Receiver<()>,
}

impl SqliteStore {
    /// Opens a database, or makes it. Blocks: it may wait for another process that is opening it as well.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_with(path, &Options::default())
    }

    /// Opens a database with options of one's own.
    pub fn open_with(path: &Path, options: &Options) -> Result<Self> {
        let writer = connect::open(path, options)?;
        let readers: Result<Vec<_>> =
            (0..options.readers.max(1)).map(|_| connect::open_reader(path, options)).collect();
        let checkpointer = connect::open_reader(path, options)?;
        Self::start(writer, readers?, checkpointer, options)
    }

    fn start(
        writer: Connection,
        readers: Vec<Connection>,
        checkpointer: Connection,
        options: &Options,
    ) -> Result<Self> {
        let (write, writes) = mpsc::sync_channel(options.queue);
        let (read, reads) = mpsc::sync_channel(options.queue);
        let reads = Arc::new(Mutex::new(reads));
        let tx = SqliteTransaction::new(writer, Access::Write);
        let (checkpoints, checkpointer) = checkpoints(checkpointer);
        let mut threads = vec![
            spawn_writer(tx, writes, checkpoints, options.batch)?,
            spawn("licentia-log", move || checkpointer.run())?,
        ];
        for reader in readers {
            let tx = SqliteTransaction::new(reader, Access::Read);
            let reads = Arc::clone(&reads);
            threads.push(spawn("licentia-read", move || reader::run(tx, &reads))?);
        }
        Ok(Self {
            queues: Mutex::new(Some(Queues { read, write })),
            threads: tokio::sync::Mutex::new(threads),
        })
    }

    fn enqueue(&self, access: Access, task: Task) -> Result<()> {
        let queues = self.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(queues) = queues.as_ref() else { return Err(unavailable("it is closed")) };
        let queue = match access {
            Access::Read => &queues.read,
            Access::Write => &queues.write,
        };
        queue.try_send(task).map_err(|error| match error {
            TrySendError::Full(_) => unavailable("too many jobs wait for it"),
            TrySendError::Disconnected(_) => unavailable("its thread has ended"),
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn submit(&self, access: Access, job: Job) -> Result<()> {
        let (reply, outcome) = oneshot::channel();
        self.enqueue(access, Task { job, reply })?;
        outcome.await.unwrap_or_else(|_| Err(unavailable("its thread has ended")))
    }

    async fn close(&self) {
        // Without senders the threads end once their queues are empty.
        drop(self.queues.lock().unwrap_or_else(PoisonError::into_inner).take());
        for Worker { handle, ended } in self.threads.lock().await.drain(..) {
            let _ = ended.await;
            if handle.join().is_err() {
                tracing::error!("a thread of the database had panicked");
            }
        }
    }
}

fn spawn_writer(
    tx: SqliteTransaction,
    tasks: Receiver<Task>,
    checkpoints: Checkpoints,
    batch: usize,
) -> Result<Worker> {
    spawn("licentia-write", move || writer::run(tx, &tasks, checkpoints, batch))
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<Worker> {
    let (ending, ended) = oneshot::channel();
    let work = move || {
        let _ending: oneshot::Sender<()> = ending;
        work();
    };
    let handle = thread::Builder::new().name(name.to_owned()).spawn(work);
    let handle =
        handle.map_err(|error| StorageError::Unavailable(format!("no thread for it: {error}")))?;
    Ok(Worker { handle, ended })
}

fn unavailable(reason: &str) -> StorageError {
    StorageError::Unavailable(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use licentia_storage::{read, write};

    use super::*;

    /// A store whose database may grow by a few pages only.
    fn nearly_full(path: &Path) -> SqliteStore {
        let options = Options::default();
        let writer = connect::open(path, &options).unwrap();
        let pages: i64 = writer.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        writer.pragma_update_and_check(None, "max_page_count", pages + 4, |_| Ok(())).unwrap();
        let reader = || connect::open_reader(path, &options).unwrap();
        SqliteStore::start(writer, vec![reader()], reader(), &options).unwrap()
    }

    async fn put(store: &SqliteStore, name: &'static str, bytes: usize) -> Result<()> {
        let value = "x".repeat(bytes);
        write(store, move |tx| Box::pin(async move { tx.put_setting(name, &value).await })).await
    }

    #[tokio::test]
    async fn a_full_disk_says_so_and_what_fits_still_goes_in() {
        let directory = tempfile::tempdir().unwrap();
        let store = nearly_full(&directory.path().join("licentia.db"));
        let (before, large, after) = tokio::join!(
            put(&store, "before", 1),
            put(&store, "large", 1 << 20),
            put(&store, "after", 1)
        );
        let Err(StorageError::Unavailable(reason)) = large else { panic!("{large:?}") };
        assert!(reason.contains("full"), "{reason}");
        let later = put(&store, "later", 1).await;
        assert_eq!(later, Ok(()));
        for (name, outcome) in
            [("before", before), ("large", Err(unavailable(""))), ("after", after)]
        {
            let stored = read::<_, StorageError, _>(&store, move |tx| {
                Box::pin(async move { tx.setting(name).await })
            });
            assert_eq!(stored.await.unwrap().is_some(), outcome.is_ok(), "{name}");
        }
        store.close().await;
    }
}
