//! The authority's publisher: text to database, database to list, list to its place.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use licentia_authority::revocations::Listed;
use licentia_authority::revocations::publish::{EVERY_S, LATE_S};
use licentia_authority::revocations::text::MAX_TEXT_BYTES;
use licentia_authority::webhooks::{Receiver, Signed};
use licentia_authority::{Authority, AuthorityError};
use licentia_protocol::revocations::Published;
use sha2::{Digest, Sha256};

use crate::config::Revocations;
use crate::lists::{ListError, TEXT, deliver};
use crate::objects::{Objects, ObjectsError};

/// Publishes for one authority; clones share what they know.
#[derive(Clone)]
pub struct Publisher {
    authority: Authority,
    text: Option<Objects>,
    place: Option<Objects>,
    grace_s: u32,
    /// Checks the calls of whoever tells that the text has changed.
    receiver: Option<Arc<Receiver>>,
    known: Arc<Known>,
}

#[derive(Default)]
struct Known {
    /// Of the text that was taken over last.
    text: Mutex<Option<[u8; 32]>>,
    /// When the newest list that is in its place was signed.
    placed: AtomicI64,
    late: AtomicBool,
    /// One look whether it is late after the other.
    looking: tokio::sync::Mutex<()>,
    /// The last attempt failed.
    failed: AtomicBool,
}

impl Publisher {
    /// One that brings nothing anywhere but into the database.
    #[must_use]
    pub fn of_database(authority: Authority) -> Self {
        Self {
            authority,
            text: None,
            place: None,
            grace_s: 0,
            receiver: None,
            known: Arc::default(),
        }
    }

    /// Opens the places that the configuration names. Credentials of buckets are among `variables`.
    pub fn open(
        authority: Authority,
        config: &Revocations,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ObjectsError> {
        let variables: Vec<_> = variables.into_iter().collect();
        let open = |place: &Option<String>| {
            place.as_deref().map(|place| Objects::open(place, variables.clone())).transpose()
        };
        let (text, place, grace_s) = (open(&config.text)?, open(&config.publish)?, config.grace_s);
        let receiver = config.receiver().ok().flatten().map(Arc::new);
        Ok(Self { authority, text, place, grace_s, receiver, known: Arc::default() })
    }

    /// Whether somebody who knows the secret of the configuration says now that the text has changed.
    pub(crate) fn admits(&self, signed: &Signed<'_>, body: &[u8]) -> bool {
        let receiver = self.receiver.as_ref();
        receiver.is_some_and(|receiver| receiver.admits(signed, body, self.authority.now()))
    }

    /// Where the text is.
    pub(crate) fn text_place(&self) -> Option<&Objects> {
        self.text.as_ref()
    }

    /// Takes the text over and publishes; a new list also where nothing changed, if `anew`.
    pub async fn refresh(&self, anew: bool) -> Result<Listed, ListError> {
        // A text that cannot be read must not keep from the list what is known already.
        let taken = self.take_text().await;
        let listed = self.authority.publish_revocations(anew).await?;
        if let Some(place) = &self.place {
            let (authority, list) = (&self.authority, &listed.list);
            let (issuer, trust) = (authority.issuer(), authority.trust());
            let now = authority.now().saturating_mul(1_000_000);
            deliver(place, &list.document, list.seq, issuer, &trust, now).await?;
        }
        self.known.placed.store(listed.list.signed_at, Ordering::Relaxed);
        taken?;
        Ok(listed)
    }

    async fn take_text(&self) -> Result<bool, ListError> {
        let Some(place) = &self.text else { return Ok(false) };
        // Until somebody writes it there is nothing to take over; once it was there, its absence is no change: a file
        // that is being replaced, or was lost, un-revokes nothing.
        let Some(found) = place.read(TEXT, MAX_TEXT_BYTES).await? else { return Ok(false) };
        let digest: [u8; 32] = Sha256::digest(&found.bytes).into();
        if *self.known.text.lock().unwrap_or_else(PoisonError::into_inner) == Some(digest) {
            return Ok(false);
        }
        self.authority.import_revocations(found.bytes.to_vec(), self.grace_s).await?;
        *self.known.text.lock().unwrap_or_else(PoisonError::into_inner) = Some(digest);
        Ok(true)
    }

    /// What the job does again and again: looks at the text, publishes where something `stirred`, changed, failed before
    /// or an hour passed, and says when the list is late. `None`: nothing was to be done.
    pub async fn look(&self, stirred: bool) -> Option<Result<Listed, ListError>> {
        let done = if self.authority.leads() { self.look_as_leader(stirred).await } else { None };
        if let Err(error) = self.look_whether_late().await {
            tracing::warn!(%error, "whether the revocation list is late could not be looked at");
        }
        done
    }

    async fn look_as_leader(&self, stirred: bool) -> Option<Result<Listed, ListError>> {
        let changed = self.take_text().await.unwrap_or(true);
        let failed = self.known.failed.load(Ordering::Relaxed);
        let newest = self.authority.look_at_newest_list().await.ok().flatten();
        let now = self.authority.now();
        let fresh = |signed_at: i64| (0..EVERY_S).contains(&now.saturating_sub(signed_at));
        let placed = self.known.placed.load(Ordering::Relaxed);
        let due = newest.is_none_or(|(_, signed_at, _)| !fresh(signed_at) || placed < signed_at);
        if !(stirred || changed || failed || due) {
            return None;
        }
        let done = self.refresh(false).await;
        self.known.failed.store(done.is_err(), Ordering::Relaxed);
        if let Err(error) = &done {
            tracing::warn!(%error, "the revocation list was not published; it is tried again");
        }
        Some(done)
    }

    async fn look_whether_late(&self) -> Result<(), AuthorityError> {
        let _looking = self.known.looking.lock().await;
        let age = self.age_s().await?;
        let late = age.is_some_and(|age| age > LATE_S);
        if late != self.known.late.load(Ordering::Relaxed) {
            let age = age.unwrap_or_default();
            if late {
                tracing::error!(
                    code = "revocations_late",
                    age_s = age,
                    "no revocation list was published for three hours; products that need one will stop when it ends"
                );
            } else {
                tracing::info!(age_s = age, "the revocation list is published in time again");
            }
            if self.authority.leads() {
                self.authority.record_lateness(late, age).await?;
            }
            // Last: what could not be put on record is told again.
            self.known.late.store(late, Ordering::Relaxed);
        }
        Ok(())
    }

    /// How old the newest published list is, in seconds; the older one where database and place differ.
    pub async fn age_s(&self) -> Result<Option<i64>, AuthorityError> {
        let Some((_, signed_at, _)) = self.authority.look_at_newest_list().await? else {
            return Ok(None);
        };
        let placed = self.known.placed.load(Ordering::Relaxed);
        // Before the first attempt nothing is known of the place.
        let behind = self.place.is_some() && placed != 0 && self.authority.leads();
        let oldest = if behind { signed_at.min(placed) } else { signed_at };
        Ok(Some(self.authority.now().saturating_sub(oldest)))
    }

    /// Whether the newest list was too old when somebody last looked.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.known.late.load(Ordering::Relaxed)
    }

    /// What is published; `None` where nothing is yet.
    pub(crate) async fn published(&self) -> Result<Option<Published>, AuthorityError> {
        let Some(list) = self.authority.published_revocations().await? else { return Ok(None) };
        let revoked = licentia_license::revocations::open(&list.document, &self.authority.trust())
            .map_or(0, |list| list.revoked.len());
        let time = |seconds| jiff::Timestamp::from_second(seconds).unwrap_or_default();
        let late = self.age_s().await?.is_some_and(|age| age > LATE_S);
        Ok(Some(Published {
            seq: list.seq,
            signed_at: time(list.signed_at),
            expires_at: time(list.expires_at),
            revoked,
            late,
            text: self.authority.revocations_text().await?,
        }))
    }
}
