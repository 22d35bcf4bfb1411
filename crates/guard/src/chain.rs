//! The chain of actions on the product's side (M9): what was recorded waits here until the authority has acknowledged
//! it, and is sealed on its way out.
//!
//! Entries are kept unsealed. A seal hangs on the last answer's nonce, and what was sent and not acknowledged is sealed
//! again under the same nonce to the same bytes, or after an activation under a new one, from where the authority says
//! that the chain stands. So neither a lost answer nor a restart breaks a chain.

use std::collections::VecDeque;

use licentia_license::chain::{ChainKey, Entry, Link};
use licentia_protocol::heartbeat::{self, ChainEntry, MAX_CHAIN_ENTRIES};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Most bytes of entries in one heartbeat, whose body may have a mebibyte.
const MAX_BYTES: usize = 512 * 1024;
/// What an entry takes beside its texts: names of fields, sequence, time and MAC.
const ENTRY_BYTES: usize = 224;
/// From so many on, they do not wait for the next heartbeat.
const MANY: usize = MAX_CHAIN_ENTRIES / 2;

/// An action that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Action {
    pub(crate) tenant: String,
    pub(crate) action: String,
    pub(crate) hash: String,
    pub(crate) time: String,
}

/// What outlives the process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    /// Whose chain it is: another activation has its own.
    activation: Option<Uuid>,
    /// Sequence of the last acknowledged entry.
    acknowledged: u64,
    /// What follows it, in order.
    waiting: VecDeque<Action>,
}

impl Kept {
    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

/// What an activation's answer says of the chain.
#[derive(Debug, Clone)]
pub(crate) struct Beginning {
    /// The licence's signature, fixed at activation.
    pub(crate) signature: String,
    pub(crate) salt: String,
    pub(crate) head: heartbeat::ChainHead,
}

/// What entries are sealed with, in memory only.
struct Thread {
    signature: String,
    salt: String,
    server_nonce: String,
    previous: Link,
}

pub(crate) struct Chain {
    seed: Vec<u8>,
    kept: Kept,
    thread: Option<Thread>,
    /// Whether what the last run left was read, which only the process that leads may.
    loaded: bool,
    /// Whether it differs from what is on disk.
    changed: bool,
}

impl Chain {
    pub(crate) fn new(seed: Vec<u8>) -> Self {
        Self { seed, kept: Kept::default(), thread: None, loaded: false, changed: false }
    }

    pub(crate) fn is_loaded(&self) -> bool {
        self.loaded
    }

    /// What the last run, or the process that led until now, has left comes first.
    pub(crate) fn load(&mut self, left: Kept) {
        let own = std::mem::replace(&mut self.kept, left);
        self.loaded = true;
        self.extend(own.waiting);
    }

    /// More to deliver.
    pub(crate) fn extend(&mut self, actions: impl IntoIterator<Item = Action>) {
        let before = self.kept.len();
        self.kept.waiting.extend(actions);
        self.changed |= self.kept.len() > before;
    }

    /// Whether they should not wait for the next heartbeat.
    pub(crate) fn is_pressing(&self) -> bool {
        self.kept.len() >= MANY
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.kept.len() == 0
    }

    /// What is to be written, where it differs from what was.
    pub(crate) fn unsaved(&mut self) -> Option<&Kept> {
        std::mem::take(&mut self.changed).then_some(&self.kept)
    }

    /// An activation begins: the authority tells where the chain stands; how many entries are done with.
    pub(crate) fn begin(
        &mut self,
        activation: Uuid,
        beginning: Beginning,
        server_nonce: &str,
    ) -> usize {
        if self.kept.activation != Some(activation) {
            // None of these was told under it.
            self.kept.acknowledged = beginning.head.sequence;
            self.kept.activation = Some(activation);
            self.changed = true;
        }
        let Beginning { signature, salt, head } = beginning;
        let Ok(previous) = head.head.parse() else {
            self.thread = None;
            return 0;
        };
        let server_nonce = server_nonce.to_owned();
        self.thread = Some(Thread { signature, salt, server_nonce, previous });
        self.stand_at(head.sequence)
    }

    /// A heartbeat was granted, and a new nonce with it.
    pub(crate) fn renewed(&mut self, server_nonce: &str) {
        if let Some(thread) = &mut self.thread {
            server_nonce.clone_into(&mut thread.server_nonce);
        }
    }

    /// The authority has acknowledged; how many entries are done with. `None` where the head makes no sense: then only
    /// an activation tells where the chain stands.
    pub(crate) fn acknowledged(&mut self, head: &heartbeat::ChainHead) -> Option<usize> {
        let thread = self.thread.as_mut()?;
        let Ok(previous) = head.head.parse() else {
            self.thread = None;
            return None;
        };
        thread.previous = previous;
        Some(self.stand_at(head.sequence))
    }

    /// Drops what is acknowledged up to here. An authority that stands elsewhere, from a backup or after another
    /// product's state was lost, is followed: it alone decides where its chain goes on.
    fn stand_at(&mut self, sequence: u64) -> usize {
        let told = sequence.saturating_sub(self.kept.acknowledged);
        let done = usize::try_from(told).unwrap_or(usize::MAX).min(self.kept.len());
        self.kept.waiting.drain(..done);
        self.changed |= done > 0 || self.kept.acknowledged != sequence;
        self.kept.acknowledged = sequence;
        done
    }

    /// What was sent is not what an authority takes: it is dropped, and as it has no sequence yet, leaves no gap.
    pub(crate) fn drop_sent(&mut self) -> usize {
        let sent = self.fitting();
        self.kept.waiting.drain(..sent);
        self.changed |= sent > 0;
        sent
    }

    /// How many go into one heartbeat.
    fn fitting(&self) -> usize {
        let mut bytes = 0;
        let sizes = self.kept.waiting.iter().map(|a| {
            // What JSON escapes takes six bytes at most.
            ENTRY_BYTES + a.hash.len() + 6 * (a.tenant.len() + a.action.len())
        });
        let within = sizes.take(MAX_CHAIN_ENTRIES).take_while(|size| {
            bytes += size;
            bytes <= MAX_BYTES
        });
        within.count()
    }

    /// What goes along with the next heartbeat.
    pub(crate) fn report(&self) -> Option<heartbeat::Chain> {
        let thread = self.thread.as_ref().filter(|_| !self.is_empty())?;
        let key =
            ChainKey::derive(&thread.signature, &self.seed, &thread.salt, &thread.server_nonce);
        let mut previous = thread.previous;
        let first = self.kept.acknowledged.saturating_add(1);
        let waiting = self.kept.waiting.iter().take(self.fitting());
        let entries = waiting.zip(first..).map(|(action, sequence)| {
            let Action { tenant, action, hash, time } = action;
            previous = key.seal(&previous, &Entry { sequence, tenant, action, hash, time });
            ChainEntry {
                sequence,
                tenant: tenant.clone(),
                action: action.clone(),
                hash: hash.clone(),
                time: time.clone(),
                mac: previous.to_string(),
            }
        });
        Some(heartbeat::Chain {
            entries: entries.collect(),
            server_nonce: thread.server_nonce.clone(),
            previous: thread.previous.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(name: &str) -> Action {
        Action {
            tenant: "t".into(),
            action: name.into(),
            hash: String::new(),
            time: "2026-01-01T00:00:00Z".into(),
        }
    }

    fn head(sequence: u64, digit: &str) -> heartbeat::ChainHead {
        heartbeat::ChainHead { sequence, head: digit.repeat(64) }
    }

    fn beginning(sequence: u64) -> Beginning {
        Beginning { signature: "s".into(), salt: "salt".into(), head: head(sequence, "0") }
    }

    fn chain(actions: usize) -> Chain {
        let mut chain = Chain::new(b"seed".to_vec());
        chain.extend((0..actions).map(|n| action(&n.to_string())));
        chain
    }

    fn first(chain: &Chain) -> (u64, String) {
        let entry = chain.report().unwrap().entries.swap_remove(0);
        (entry.sequence, entry.action)
    }

    #[test]
    fn what_is_acknowledged_goes_and_the_rest_follows_it() {
        let mut chain = chain(3);
        assert_eq!(chain.report(), None, "nobody said yet where the chain stands");
        assert_eq!(chain.begin(Uuid::from_u128(1), beginning(0), "n1"), 0);
        assert_eq!(first(&chain), (1, "0".into()));
        assert_eq!(chain.report(), chain.report(), "asked again, it is the same");
        assert_eq!(chain.acknowledged(&head(2, "a")), Some(2));
        assert_eq!(first(&chain), (3, "2".into()));
        assert_eq!(chain.report().unwrap().previous, "a".repeat(64));
        assert_eq!(chain.acknowledged(&head(3, "b")), Some(1));
        assert_eq!(chain.report(), None);
    }

    #[test]
    fn an_activation_of_the_same_seat_takes_what_was_acknowledged_and_another_one_takes_nothing() {
        let one = Uuid::from_u128(1);
        let mut chain = chain(3);
        chain.begin(one, beginning(10), "n1");
        assert_eq!(first(&chain).0, 11);
        // The answer was lost; the next activation says that two arrived.
        assert_eq!(chain.begin(one, beginning(12), "n2"), 2);
        assert_eq!(first(&chain), (13, "2".into()));
        assert_eq!(chain.begin(Uuid::from_u128(2), beginning(500), "n3"), 0);
        assert_eq!(first(&chain), (501, "2".into()));
        // An authority from a backup.
        assert_eq!(chain.begin(Uuid::from_u128(2), beginning(7), "n4"), 0);
        assert_eq!(first(&chain), (8, "2".into()));
    }

    #[test]
    fn a_heartbeat_is_bounded_in_entries_and_in_bytes() {
        let mut chain = chain(MAX_CHAIN_ENTRIES + 1);
        chain.begin(Uuid::nil(), beginning(0), "n");
        assert_eq!(chain.report().unwrap().entries.len(), MAX_CHAIN_ENTRIES);
        let mut chain = Chain::new(Vec::new());
        let long = Action { tenant: "\u{1}".repeat(128), ..action(&"é".repeat(128)) };
        chain.extend(std::iter::repeat_n(long, MAX_CHAIN_ENTRIES));
        chain.begin(Uuid::nil(), beginning(0), "n");
        let report = chain.report().unwrap();
        let bytes = serde_json::to_vec(&report).unwrap().len();
        assert!((100_000..900_000).contains(&bytes), "{bytes}");
        let sent = report.entries.len();
        assert_eq!(chain.drop_sent(), sent);
        assert_eq!(chain.report().unwrap().entries[0].sequence, 1, "no gap");
    }

    #[test]
    fn a_head_that_makes_no_sense_asks_for_an_activation() {
        let mut chain = chain(1);
        chain.begin(Uuid::nil(), beginning(0), "n");
        assert_eq!(chain.acknowledged(&head(1, "?")), None);
        assert_eq!(chain.report(), None);
    }
}
