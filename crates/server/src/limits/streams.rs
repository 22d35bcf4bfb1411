//! How many streams are open, by activation and by licence.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use uuid::Uuid;

/// The streams of this process; an entry a stream, gone with it.
#[derive(Clone, Default)]
pub(crate) struct Streams {
    open: Arc<Mutex<HashMap<Uuid, u32>>>,
}

/// An open stream; it counts until it is dropped.
pub(crate) struct Stream {
    of: [Uuid; 2],
    all: Streams,
}

impl Streams {
    /// Counts one more for each of the ids, unless one of them has as many as it may; zero is no limit.
    pub(crate) fn open(&self, of: [(Uuid, u32); 2]) -> Option<Stream> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |(id, most): &(Uuid, u32)| *most > 0 && open.get(id).is_some_and(|n| n >= most);
        if of.iter().any(full) {
            return None;
        }
        for (id, _) in of {
            *open.entry(id).or_default() += 1;
        }
        Some(Stream { of: of.map(|(id, _)| id), all: self.clone() })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut open = self.all.open.lock().unwrap_or_else(PoisonError::into_inner);
        for id in self.of {
            if let Some(count) = open.get_mut(&id) {
                *count -= 1;
                if *count == 0 {
                    open.remove(&id);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_counts_for_its_activation_and_its_licence_while_it_is_open() {
        let (streams, license) = (Streams::default(), Uuid::from_u128(9));
        let open = |n| streams.open([(Uuid::from_u128(n), 2), (license, 3)]);
        let (one, two) = (open(1), open(1));
        assert!(one.is_some() && two.is_some());
        assert!(open(1).is_none(), "the activation has two");
        let other = open(2);
        assert!(other.is_some());
        assert!(open(3).is_none(), "the licence has three");
        drop((one, two, other));
        assert!(open(3).is_some());
        assert!(streams.open.lock().unwrap().is_empty(), "nothing stays behind");
    }
}
