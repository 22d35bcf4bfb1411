//! Lists in parts: `?limit=&after=`, answered with `items` and `next`.
//!
//! `after` is opaque to clients: what it is made of may change. It names a place and grants nothing.

use std::str::FromStr;

use base64ct::{Base64UrlUnpadded, Encoding};
use licentia_protocol::resource::Page;
use licentia_protocol::{Code, Problem};

use crate::problem::Failure;

/// Rows of a part, if nothing is said.
const USUAL: u32 = 100;
/// Most rows of a part.
const MOST: u32 = 1_000;

/// Where a part begins and how long it is. `T` is what rows are told apart by, such as their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Paging<T> {
    /// The last row of the part before.
    pub(crate) after: Option<T>,
    limit: u32,
}

impl<T: FromStr> Paging<T> {
    /// From the parameters of the request.
    pub(crate) fn of(limit: Option<u32>, after: Option<&str>) -> Result<Self, Failure> {
        let limit = limit.unwrap_or(USUAL);
        let invalid = |field, what| Problem::new(Code::Invalid).at(field, "invalid", what);
        if !(1..=MOST).contains(&limit) {
            return Err(invalid("limit", "wants 1 to 1000").into());
        }
        let after = match after {
            None => None,
            Some(cursor) => Some(read(cursor).ok_or_else(|| {
                invalid("after", "wants the `next` of the part before, as it was")
            })?),
        };
        Ok(Self { after, limit })
    }
}

impl Paging<String> {
    /// Those of a list that is short and whole that lie behind the part before; where its last row is gone since, all.
    pub(crate) fn rest<R>(&self, mut all: Vec<R>, place: impl Fn(&R) -> String) -> Vec<R> {
        let last =
            self.after.as_ref().and_then(|after| all.iter().position(|row| place(row) == *after));
        if let Some(last) = last {
            all.drain(..=last);
        }
        all
    }
}

impl<T> Paging<T> {
    /// How many rows to ask for: one more than are shown, which tells whether there are more.
    pub(crate) fn ask(&self) -> u32 {
        self.limit + 1
    }

    /// The part, of the rows that were asked for; `place` says where a row is.
    pub(crate) fn page<R>(&self, mut rows: Vec<R>, place: impl Fn(&R) -> String) -> Page<R> {
        let shown = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > shown;
        rows.truncate(shown);
        let next = rows.last().filter(|_| more).map(|last| write(&place(last)));
        Page { items: rows, next }
    }
}

fn write(place: &str) -> String {
    Base64UrlUnpadded::encode_string(format!("1:{place}").as_bytes())
}

fn read<T: FromStr>(cursor: &str) -> Option<T> {
    let bytes = Base64UrlUnpadded::decode_vec(cursor).ok()?;
    std::str::from_utf8(&bytes).ok()?.strip_prefix("1:")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_walked_to_its_end_and_no_further() {
        let all: Vec<u32> = (1..=7).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let paging = Paging::<u32>::of(Some(3), after.as_deref()).map_err(drop).unwrap();
            let rows =
                all.iter().copied().filter(|row| paging.after.is_none_or(|last| *row > last));
            let page = paging.page(rows.take(paging.ask() as usize).collect(), u32::to_string);
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn a_strange_cursor_or_limit_is_refused() {
        for (limit, after) in
            [(Some(0), None), (Some(1001), None), (None, Some("x")), (None, Some(""))]
        {
            assert!(Paging::<u32>::of(limit, after).is_err(), "{limit:?} {after:?}");
        }
        let letters = write("no number");
        assert!(Paging::<u32>::of(None, Some(&letters)).is_err());
    }
}
