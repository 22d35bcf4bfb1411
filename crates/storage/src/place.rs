//! Where a page begins: behind a row, not behind so many rows. However far down it is, the index finds it at once.

use uuid::Uuid;

/// The last row of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// What the list is ordered by.
    pub at: i64,
    /// Among those of one moment.
    pub id: Uuid,
}

impl Place {
    /// Before the first row.
    #[must_use]
    pub fn start(descending: bool) -> Self {
        if descending {
            Self { at: i64::MAX, id: Uuid::max() }
        } else {
            Self { at: i64::MIN, id: Uuid::nil() }
        }
    }
}

/// The last term of all that begin with this text sorts before it.
#[must_use]
pub fn end_of_prefix(prefix: &str) -> String {
    format!("{prefix}\u{10FFFF}")
}
