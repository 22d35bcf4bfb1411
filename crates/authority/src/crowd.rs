//! Room for a crowd: all who show one licence key take a few places in the queue of the database between them, so that
//! they wait for each other and not everybody else for them. They would only wait for the lock of their licence there,
//! on PostgreSQL each with a connection in hand.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicU32, Ordering};

use licentia_storage::StorageError;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::AuthorityError;

/// Doors; two keys may share one, which costs them a little and nobody else.
const DOORS: usize = 1024;
/// Of one key, in the queue of the database: one at work and the next ones at hand.
const AT_ONCE: usize = 4;
/// Of one key, before the door; one more is told to come back later.
const WAITING: u32 = 1024;

/// The doors.
pub(crate) struct Crowds {
    doors: Box<[Door]>,
    hasher: RandomState,
}

struct Door {
    room: Semaphore,
    there: AtomicU32,
}

/// A place within; given back when dropped.
#[derive(Debug)]
pub(crate) struct Within<'a> {
    _permit: SemaphorePermit<'a>,
    _counted: Counted<'a>,
}

#[derive(Debug)]
struct Counted<'a>(&'a AtomicU32);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Default for Crowds {
    fn default() -> Self {
        let door = |_| Door { room: Semaphore::new(AT_ONCE), there: AtomicU32::new(0) };
        Self { doors: (0..DOORS).map(door).collect(), hasher: RandomState::new() }
    }
}

impl Crowds {
    /// Waits for a place among those who show the same key.
    pub(crate) async fn enter(&self, key: &str) -> Result<Within<'_>, AuthorityError> {
        let unavailable = |why: &str| StorageError::Unavailable(why.into());
        let at = usize::try_from(self.hasher.hash_one(key) % DOORS as u64).unwrap_or_default();
        let door = &self.doors[at];
        let before = door.there.fetch_add(1, Ordering::Relaxed);
        let counted = Counted(&door.there);
        if before >= WAITING {
            return Err(unavailable("too many ask for this licence at once").into());
        }
        let permit = door.room.acquire().await;
        let permit = permit.map_err(|_| unavailable("it is closed"))?;
        Ok(Within { _permit: permit, _counted: counted })
    }
}

#[cfg(test)]
mod tests {
    use std::pin::{Pin, pin};
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// What it answers without waiting.
    fn now<F: Future>(waits: Pin<&mut F>) -> Option<F::Output> {
        match waits.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    #[test]
    fn p8_a_crowd_waits_for_itself_and_is_bounded() {
        let crowds = Crowds::default();
        let mut within: Vec<_> =
            (0..AT_ONCE).map(|_| now(pin!(crowds.enter("one"))).unwrap().unwrap()).collect();
        let mut waiting: Vec<_> =
            (0..WAITING as usize - AT_ONCE).map(|_| Box::pin(crowds.enter("one"))).collect();
        assert!(waiting.iter_mut().all(|waits| now(waits.as_mut()).is_none()));
        let more = now(pin!(crowds.enter("one"))).unwrap();
        assert!(matches!(more, Err(AuthorityError::Storage(StorageError::Unavailable(_)))));
        let others = (0..64).filter(|n| {
            let key = format!("other {n}");
            now(pin!(crowds.enter(&key))).is_some_and(|one| one.is_ok())
        });
        assert!(others.count() >= 60, "but for those at the same door");
        within.pop();
        assert!(now(waiting.remove(0).as_mut()).unwrap().is_ok(), "the one that came first");
    }
}
