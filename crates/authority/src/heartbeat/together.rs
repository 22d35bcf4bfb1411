//! Many plain heartbeats in one step: whoever comes while a step is on its way waits for the next, which reads all
//! their seats at once, judges them, writes all that are kept, and commits.
//!
//! Who is not kept, for whatever reason, takes the full way. So does everybody of a step that failed: had it been
//! committed all the same, the full way sees an answer that was lost, and gives it again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use licentia_model::{HeldSeat, Plan, Product};
use licentia_storage::Transaction;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::Kept;
use super::plain::Plain;
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::secrets::nonce;

/// Most heartbeats of a step.
const MOST: usize = 256;
/// Steps on their way at a time: one that waits for the disk, and one that is read and judged meanwhile.
const STEPS: usize = 2;
/// Heartbeats that may wait, some hundred bytes each; one more takes the full way, whose queue is bounded as well.
const WAITING: usize = 4_096;

/// The heartbeats that wait.
#[derive(Default)]
pub(crate) struct Together(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    waiting: Vec<Waiting>,
    steps: usize,
}

struct Waiting {
    plain: Plain,
    reply: Reply,
}

type Reply = oneshot::Sender<Kept>;

impl Together {
    fn queue(&self) -> std::sync::MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Vec<Waiting> {
        let waiting = &mut self.queue().waiting;
        let rest = waiting.split_off(waiting.len().min(MOST));
        std::mem::replace(waiting, rest)
    }
}

/// The task that takes steps.
struct Stepping {
    authority: Authority,
    ended: bool,
}

impl Stepping {
    /// Whether nobody waits any more. Said under one lock with who joins, so that nobody waits for a step that is not
    /// taken.
    fn has_ended(&mut self) -> bool {
        let mut queue = self.authority.together().queue();
        self.ended = queue.waiting.is_empty();
        if self.ended {
            queue.steps -= 1;
        }
        self.ended
    }
}

/// Where the task is dropped on its way, those who wait take the full way.
impl Drop for Stepping {
    fn drop(&mut self) {
        if !self.ended {
            let mut queue = self.authority.together().queue();
            queue.steps -= 1;
            queue.waiting.clear();
        }
    }
}

impl Authority {
    /// Keeps a seat together with others; `None`: the full way has to say.
    pub(super) async fn go_on(&self, plain: Plain) -> Option<Kept> {
        let (reply, kept) = oneshot::channel();
        {
            let mut queue = self.together().queue();
            if queue.waiting.len() >= WAITING {
                return None;
            }
            queue.waiting.push(Waiting { plain, reply });
            if queue.steps < STEPS {
                queue.steps += 1;
                // A task of its own: whoever came first may go away, the others may not.
                tokio::spawn(steps(Stepping { authority: self.clone(), ended: false }));
            }
        }
        kept.await.ok()
    }

    async fn step(&self) -> Result<Vec<(Reply, Kept)>, AuthorityError> {
        self.write(|this, tx| Box::pin(async move { this.keep_together(tx).await })).await
    }

    async fn keep_together(
        &self,
        tx: &mut dyn Transaction,
    ) -> Result<Vec<(Reply, Kept)>, AuthorityError> {
        let now = self.clock().now();
        let mut waiting = HashMap::new();
        for Waiting { plain, reply } in self.together().take() {
            // The second of one activation is judged after the first, on the full way.
            if let Entry::Vacant(place) = waiting.entry(plain.activation_id) {
                place.insert((plain, reply));
            }
        }
        // While an outage counts, a seat is not judged by its lease alone.
        if waiting.is_empty() || !self.outages().are_over(now) {
            return Ok(Vec::new());
        }
        let ids: Vec<Uuid> = waiting.keys().copied().collect();
        let held = tx.hold_seats(&ids).await?;
        let terms = self.terms_of_all(tx, &held).await?;
        let keyset_version = self.keyring().keyset_version;
        let mut kept = Vec::with_capacity(held.len());
        {
            let memory = self.judgements().lock();
            for held in held {
                let Some((plain, reply)) = waiting.remove(&held.seat.activation_id) else {
                    continue;
                };
                let stands = memory.judged(held.license.id).filter(|judged| {
                    let terms = terms.get(&held.license.plan_id);
                    terms.is_some_and(|terms| judged.stands(terms, keyset_version))
                });
                let answer =
                    stands.and_then(|judged| plain.keep(held, judged, now, nonce(self.random())));
                kept.extend(answer.map(|answer| (reply, answer)));
            }
        }
        if !kept.is_empty() {
            let seats: Vec<_> = kept.iter().map(|(_, kept)| &kept.granted.seat).collect();
            tx.keep_seats(&seats).await?;
        }
        Ok(kept)
    }

    /// Product and plan of each licence, by plan, as the rows name them.
    async fn terms_of_all(
        &self,
        tx: &mut dyn Transaction,
        held: &[HeldSeat],
    ) -> Result<HashMap<Uuid, Arc<(Product, Plan)>>, AuthorityError> {
        let mut terms = HashMap::new();
        for HeldSeat { license, .. } in held {
            if let Entry::Vacant(place) = terms.entry(license.plan_id)
                && let Some(plan) = tx.plan(license.plan_id).await?
                && let Some(product) = tx.product(plan.product_id).await?
            {
                place.insert(self.judgements().lock().terms((product, plan)));
            }
        }
        Ok(terms)
    }
}

/// Takes steps until nobody waits.
async fn steps(mut stepping: Stepping) {
    loop {
        match stepping.authority.step().await {
            Ok(kept) => {
                for (reply, kept) in kept {
                    // Whoever went away asks again, and is told again.
                    let _ = reply.send(kept);
                }
            }
            Err(error) => tracing::warn!(%error, "heartbeats are kept one by one"),
        }
        if stepping.has_ended() {
            return;
        }
    }
}
