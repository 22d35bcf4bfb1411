//! The one background thread: it alone drives the engine, and publishes what the checks read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::clock::{Clock, Random};
use crate::contact::{Contact, contact};
use crate::denied::StartError;
use crate::discovery::Found;
use crate::engine::{Engine, Farewell};
use crate::events;
use crate::finding::Finding;
use crate::lists::{Answer, Source};
use crate::reason::Reason;
use crate::settings::Setup;
use crate::shared::Shared;
use crate::snapshot::Snapshot;
use crate::standing::Standing;

/// Told once, on whichever kind of channel the caller waits.
pub(crate) type Done<T> = Box<dyn FnOnce(T) + Send>;

pub(crate) enum Command {
    Nodes(u32),
    SetUp { key: Result<Found, Reason>, setup: Box<Setup>, done: Done<Result<(), StartError>> },
    Inspect { done: Done<Arc<Snapshot>> },
    Leave { done: Done<()> },
    ShutDown { budget: Duration, done: Done<()> },
}

/// What the thread works on.
pub(crate) struct Worker {
    pub(crate) engine: Engine,
    pub(crate) client: Option<Client>,
    /// Where revocation lists are fetched.
    pub(crate) lists: Option<Source>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) commands: mpsc::UnboundedReceiver<Command>,
    pub(crate) started: Option<Done<Result<(), StartError>>>,
    /// Who waits for the next look at the program.
    pub(crate) curious: Vec<Done<Arc<Snapshot>>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Random>,
}

/// Starts the thread. Where that fails, the guard goes on without it as its policy says.
pub(crate) fn spawn(worker: Worker) {
    // The slot gives the worker back where no thread could be started.
    let slot = Arc::new(Mutex::new(Some(worker)));
    let take =
        |slot: &Mutex<Option<Worker>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    let theirs = Arc::clone(&slot);
    let spawned = std::thread::Builder::new().name("licentia".to_owned()).spawn(move || {
        if let Some(worker) = take(&theirs) {
            worker.run_to_end();
        }
    });
    if let Err(error) = spawned
        && let Some(mut worker) = take(&slot)
    {
        worker.fail(&error.to_string());
    }
}

type Exchange = Pin<Box<dyn Future<Output = Contact> + Send>>;
type Fetching = Pin<Box<dyn Future<Output = Answer> + Send>>;

impl Worker {
    fn run_to_end(mut self) {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return self.fail(&error.to_string()),
        };
        // A guard that died must not leave its last word standing.
        let Ok(done) = catch_unwind(AssertUnwindSafe(|| runtime.block_on(self.run()))) else {
            return self.fail("the background thread panicked");
        };
        // Whoever waits for the end may start anew at once: the folder must be free by then.
        drop(self);
        if let Some(done) = done {
            done(());
        }
    }

    fn fail(&mut self, why: &str) {
        tracing::error!(target: "license", why, "[License] The guard failed");
        // What made it fail may do so again.
        let told = catch_unwind(AssertUnwindSafe(|| {
            self.engine.fail();
            self.publish();
        }));
        if told.is_err()
            && let Some(snapshot) = self.engine.last_word()
        {
            self.shared.publish(snapshot);
        }
        self.tell();
    }

    /// Works until it is told to end, or nobody is left who could; whom to tell that it has ended.
    async fn run(&mut self) -> Option<Done<()>> {
        let (ring, mut rung) = mpsc::channel(1);
        let (token, heard_token) = watch::channel(None);
        if let Some(client) = self.client.clone() {
            let (clock, random) = (Arc::clone(&self.clock), Arc::clone(&self.random));
            tokio::spawn(events::listen(client, heard_token, ring.clone(), clock, random));
        }
        let mut exchange: Option<Exchange> = None;
        let mut look: Option<JoinHandle<Vec<Finding>>> = None;
        if let Some(inspection) = self.engine.inspection() {
            // Before the first verdict, and nothing waits yet.
            self.engine.inspected(Some(inspection.run()));
        }
        let mut fetching: Option<Fetching> = None;
        loop {
            self.engine.tick();
            if look.is_none()
                && let Some(inspection) = self.engine.inspection()
            {
                look = Some(tokio::task::spawn_blocking(|| inspection.run()));
            }
            if let (Some(client), None) = (&self.client, &exchange)
                && let Some(ask) = self.engine.ask()
            {
                let client = client.clone();
                exchange = Some(Box::pin(async move { contact(&client, ask).await }));
            }
            if let (Some(lists), None) = (&self.lists, &fetching)
                && let Some(fetch) = self.engine.list_to_fetch()
            {
                let lists = lists.clone();
                fetching = Some(Box::pin(async move { lists.fetch(fetch).await }));
            }
            if let Some(farewell) = self.engine.left() {
                self.bid(farewell);
            }
            self.publish();
            self.tell_started();
            self.tell_curious();
            token.send_if_modified(|token| {
                let changed = token.as_deref() != self.engine.access_token();
                if changed {
                    *token = self.engine.access_token().map(str::to_owned);
                }
                changed
            });
            tokio::select! {
                contact = next(&mut exchange) => {
                    exchange = None;
                    self.engine.take(contact);
                }
                answer = next(&mut fetching) => {
                    fetching = None;
                    self.engine.list_fetched(answer);
                }
                found = looked(&mut look) => {
                    look = None;
                    self.engine.inspected(found);
                }
                () = wait(&*self.clock, self.engine.wake_at()) => {}
                Some(()) = rung.recv() => self.engine.hurry(),
                command = self.commands.recv() => match command {
                    Some(Command::Nodes(nodes)) => self.engine.set_nodes(nodes),
                    Some(Command::Inspect { done }) => {
                        self.engine.inspect_now();
                        self.curious.push(done);
                    }
                    Some(Command::SetUp { key, setup, done }) => {
                        exchange = None;
                        self.engine.set_up(key, *setup);
                        self.started = Some(done);
                    }
                    Some(Command::Leave { done }) => {
                        drop(exchange.take());
                        self.engine.leave();
                        self.publish();
                        return Some(done);
                    }
                    Some(Command::ShutDown { budget, done }) => {
                        drop(exchange.take());
                        self.shut_down(budget).await;
                        return Some(done);
                    }
                    None => return None,
                },
            }
        }
    }

    async fn shut_down(&mut self, budget: Duration) {
        let farewell = self.engine.shut_down();
        self.publish();
        let (Some(client), Some((token, request))) = (&self.client, farewell) else { return };
        let engine = &mut self.engine;
        let giving_back = client.deactivate(token.as_deref(), &request, || engine.released());
        match tokio::time::timeout(budget, giving_back).await {
            Ok(Ok(raw)) if raw.status == 204 => return,
            Ok(Ok(_)) => self.engine.not_released(),
            // Where it was sent, it may have been done.
            Ok(Err(_)) | Err(_) => {}
        }
        tracing::warn!(target: "license",
            "[License] The seat could not be given back; it is free once its lease has run out");
    }

    /// Gives a seat back that another licence has replaced; where that fails it ends with its lease.
    fn bid(&self, (token, request): Farewell) {
        if let Some(client) = self.client.clone() {
            tokio::spawn(async move {
                drop(client.deactivate(token.as_deref(), &request, || {}).await);
            });
        }
    }

    fn publish(&self) {
        self.shared.publish(self.engine.snapshot());
    }

    /// Tells what was found, once no look is due or under way.
    fn tell_curious(&mut self) {
        if self.engine.is_looking() {
            return;
        }
        for done in self.curious.drain(..) {
            done(self.shared.current.load_full());
        }
    }

    fn tell_started(&mut self) {
        if self.engine.is_judged() {
            self.tell();
        }
    }

    /// What stands now is the verdict for whoever waits for one.
    fn tell(&mut self) {
        if let Some(started) = self.started.take() {
            let current = self.shared.current.load();
            started(match current.standing() {
                Standing::Stopped { reason } => Err(StartError::Unlicensed(reason.clone())),
                _ => Ok(()),
            });
        }
    }
}

async fn next<T>(waited: &mut Option<Pin<Box<dyn Future<Output = T> + Send>>>) -> T {
    match waited {
        Some(waited) => waited.await,
        None => std::future::pending().await,
    }
}

async fn looked(look: &mut Option<JoinHandle<Vec<Finding>>>) -> Option<Vec<Finding>> {
    match look {
        Some(look) => look.await.ok(),
        None => std::future::pending().await,
    }
}

async fn wait(clock: &dyn Clock, until: Option<i64>) {
    match until {
        Some(until) => clock.wait_until(until).await,
        None => std::future::pending().await,
    }
}
