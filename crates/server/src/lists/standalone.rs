//! Publishing with nothing but a text and a key: no database, no authority.
//!
//! What was on the last published list stays on the next one, even if its line is gone or another publisher's text has
//! it: nothing is un-revoked unless it is asked for by name.

use std::collections::BTreeMap;

use bytes::Bytes;
use licentia_authority::revocations::text::{BadLine, MAX_TEXT_BYTES, read};
use licentia_issue::sign::sign;
use licentia_issue::signer::Signer;
use licentia_license::Trust;
use licentia_license::revocations::{RevocationList, Revoked, VALID_S, flatten, next_seq};

use crate::lists::deliver::ABOUT;
use crate::lists::{LIST, ListError, TEXT, newest};
use crate::objects::{Objects, Replaced};

const RACES: u32 = 50;

/// What to publish.
pub struct Edition<'a> {
    /// Where the text is, and its name there.
    pub text: (&'a Objects, &'a str),
    /// Where the list goes.
    pub place: &'a Objects,
    /// What signs it.
    pub signer: &'a dyn Signer,
    /// Its `iss`.
    pub issuer: &'a str,
    /// Seconds that products may go on with what is new.
    pub grace_s: u32,
    /// Ids that are to be on it no more.
    pub lift: &'a [String],
    /// Make it anew even if it says the same and is not an hour old.
    pub anew: bool,
}

/// What was published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The list.
    pub list: RevocationList,
    /// Whether it was made now.
    pub made: bool,
    /// Ids that are on it although their line is gone.
    pub missing: Vec<String>,
    /// Lines that make no sense.
    pub bad: Vec<BadLine>,
}

impl Edition<'_> {
    /// Publishes.
    pub async fn publish(&self, now_micros: i64) -> Result<Issued, ListError> {
        let trust = Trust::new(vec![self.signer.public_key().clone()]);
        let now = now_micros.div_euclid(1_000_000);
        for _ in 0..RACES {
            let (place, name) = self.text;
            let text = place.read(name, MAX_TEXT_BYTES).await?;
            let text = text.ok_or_else(|| {
                ListError::NoText(format!("{place} ({name}, in place of {TEXT})"))
            })?;
            let lines = read(&text.bytes);
            let (former, seen) = newest(self.place, self.issuer, &trust).await?;
            let mut revoked: BTreeMap<String, Revoked> = BTreeMap::new();
            for entry in former.iter().flat_map(|list| &list.revoked) {
                if !self.lift.iter().any(|id| entry.id == *id.as_str()) {
                    revoked.insert(entry.id.to_string(), entry.clone());
                }
            }
            let listed: std::collections::HashSet<&str> =
                lines.lines.iter().map(|line| line.key_id.as_str()).collect();
            let missing: Vec<String> =
                revoked.keys().filter(|id| !listed.contains(id.as_str())).cloned().collect();
            for line in lines.lines.iter().filter(|line| !self.lift.contains(&line.key_id)) {
                revoked.entry(line.key_id.clone()).or_insert_with(|| Revoked {
                    id: line.key_id.as_str().into(),
                    at: now,
                    reason: Some(line.reason().into()),
                    grace_until: (self.grace_s > 0)
                        .then(|| now.saturating_add(self.grace_s.into())),
                });
            }
            let revoked: Vec<Revoked> = revoked.into_values().collect();
            let age = former.as_ref().map(|list| now.saturating_sub(list.iat));
            let fresh = age.is_some_and(|age| (0..3600).contains(&age));
            if let Some(list) =
                former.as_ref().filter(|list| fresh && !self.anew && list.revoked == revoked)
            {
                let list = list.claims().clone();
                return Ok(Issued { list, made: false, missing, bad: lines.bad });
            }
            let list = RevocationList {
                iss: self.issuer.to_owned(),
                iat: now,
                exp: now.saturating_add(VALID_S),
                seq: next_seq(former.as_ref().map(|list| list.seq), now_micros),
                revoked,
            };
            let token = sign(&list, self.signer)?;
            // What products would not accept does not replace what they do.
            licentia_license::revocations::open(&token, &trust).map_err(|invalid| {
                ListError::Former {
                    place: self.place.to_string(),
                    problem: format!("the new list is not good: {invalid}"),
                }
            })?;
            let document = flatten(&token).unwrap_or(token);
            if self.place.replace(LIST, Bytes::from(document), ABOUT, &seen).await?
                == Replaced::Done
            {
                return Ok(Issued { list, made: true, missing, bad: lines.bad });
            }
        }
        Err(ListError::Races(self.place.to_string()))
    }
}
