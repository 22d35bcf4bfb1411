//! Puts a list into a place, in the place of an older one.

use bytes::Bytes;
use licentia_license::revocations::{AHEAD_S, MAX_LIST_BYTES, RevocationList, open};
use licentia_license::{Trust, Verified};

use crate::lists::{LIST, ListError};
use crate::objects::{About, Objects, Replaced, Seen};

/// Publishers that one may meet before it gives up; each of them published a list.
const RACES: u32 = 50;
/// Read by every product; new within a minute.
pub(crate) const ABOUT: About =
    About { content_type: "application/jose+json", cache_control: "public, max-age=60" };

/// What became of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// It is there now.
    Written,
    /// It, or a newer one, was there.
    There,
}

/// Puts a list of this number into a place, unless that one or a newer one is there. What is there and was not signed
/// under `trust` for this issuer is no list.
pub async fn deliver(
    place: &Objects,
    document: &str,
    seq: u64,
    issuer: &str,
    trust: &Trust,
    now_micros: i64,
) -> Result<Delivered, ListError> {
    let most =
        u64::try_from(now_micros).unwrap_or(0).saturating_add(AHEAD_S.unsigned_abs() * 1_000_000);
    for _ in 0..RACES {
        let (there, seen) = newest(place, issuer, trust).await?;
        // One that no product accepts stands in nobody's way.
        if there.is_some_and(|list| list.seq >= seq && list.seq <= most) {
            return Ok(Delivered::There);
        }
        let bytes = Bytes::copy_from_slice(document.as_bytes());
        if place.replace(LIST, bytes, ABOUT, &seen).await? == Replaced::Done {
            return Ok(Delivered::Written);
        }
    }
    Err(ListError::Races(place.to_string()))
}

/// The list in a place, where it is one, and what has to be there still when it is replaced.
pub async fn newest(
    place: &Objects,
    issuer: &str,
    trust: &Trust,
) -> Result<(Option<Verified<RevocationList>>, Seen), ListError> {
    let Some(found) = place.read(LIST, MAX_LIST_BYTES).await? else {
        return Ok((None, Seen::Nothing));
    };
    let list = std::str::from_utf8(&found.bytes).ok().and_then(|text| open(text, trust).ok());
    Ok((list.filter(|list| list.iss == issuer), found.seen))
}
