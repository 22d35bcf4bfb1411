//! Pages of lists: how many rows, where the next one begins, and how much one may cost.

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_storage::Place;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::error::AuthorityError;

/// Most items of a page.
pub const MOST: u32 = 1_000;
/// Rows that a page looks at. Past that it is handed out as it is, however few fit the filter: a page takes about
/// the same time in a list of a thousand and of a million.
const ROWS: u32 = 2_000;

/// What is left of the rows that a page may look at.
pub(crate) struct Budget(u32);

impl Default for Budget {
    fn default() -> Self {
        Self(ROWS)
    }
}

impl Budget {
    pub(crate) fn spend(&mut self, rows: u32) {
        self.0 = self.0.saturating_sub(rows);
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.0 == 0
    }

    /// How many rows to ask for, where so many are missing and some may not fit.
    pub(crate) fn ask(&self, missing: usize, all_fit: bool) -> u32 {
        let missing = u32::try_from(missing).unwrap_or(MOST);
        let rows = if all_fit { missing } else { missing.saturating_mul(2).max(100) };
        rows.min(self.0).max(1)
    }
}

/// The limit of a page.
pub(crate) fn limit_of(limit: u32) -> Result<u32, AuthorityError> {
    if (1..=MOST).contains(&limit) {
        return Ok(limit);
    }
    let problem = format!("it must be 1 to {MOST}");
    Err(AuthorityError::Invalid { field: "limit", problem })
}

/// A place in a list as clients hold it.
pub(crate) fn cursor<C: Cursor>(place: &C) -> String {
    Base64UrlUnpadded::encode_string(place.write().as_bytes())
}

/// Reads what [`cursor`] wrote.
pub(crate) fn read_cursor<C: Cursor>(text: &str) -> Result<C, AuthorityError> {
    let read = || {
        let bytes = (text.len() <= 2_048).then(|| Base64UrlUnpadded::decode_vec(text).ok())??;
        C::read(std::str::from_utf8(&bytes).ok()?)
    };
    read().ok_or_else(|| AuthorityError::Invalid {
        field: "after",
        problem: "it must be the `next` of the page before, of the same list".into(),
    })
}

/// The place behind which a page begins.
pub(crate) fn place_of(after: Option<&str>, descending: bool) -> Result<Place, AuthorityError> {
    after.map_or_else(|| Ok(Place::start(descending)), read_cursor)
}

/// A place that is written into a cursor.
pub(crate) trait Cursor: Sized {
    fn write(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

impl Cursor for Place {
    fn write(&self) -> String {
        format!("{}:{}", self.at, self.id)
    }

    fn read(text: &str) -> Option<Self> {
        let (at, id) = text.split_once(':')?;
        Some(Self { at: at.parse().ok()?, id: Uuid::parse_str(id).ok()? })
    }
}

/// Any other place, as JSON.
impl<T: Serialize + DeserializeOwned + Structured> Cursor for T {
    fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Says that a place is written as JSON.
pub(crate) trait Structured {}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default, Serialize, serde::Deserialize)]
    struct Named {
        name: String,
    }

    impl Structured for Named {}

    #[test]
    fn a_cursor_is_read_as_it_was_written_and_nothing_else_is_one() {
        let place = Place { at: -5, id: Uuid::max() };
        assert_eq!(read_cursor::<Place>(&cursor(&place)).ok(), Some(place));
        let name = Named { name: "ünï:code\"".into() };
        assert_eq!(read_cursor::<Named>(&cursor(&name)).ok().map(|n| n.name), Some(name.name));
        for wrong in ["", "x", "MQ", "====", &"A".repeat(3_000), &cursor(&Named::default())] {
            assert!(read_cursor::<Place>(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_page_looks_at_so_many_rows_and_no_more() {
        let mut budget = Budget::default();
        assert_eq!(budget.ask(10, true), 10);
        assert_eq!(budget.ask(10, false), 100);
        assert_eq!(budget.ask(1_000, false), ROWS);
        budget.spend(ROWS - 1);
        assert_eq!(budget.ask(10, false), 1);
        budget.spend(5);
        assert!(budget.is_spent());
    }
}
