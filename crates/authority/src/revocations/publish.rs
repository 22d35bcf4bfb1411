//! Makes the list: what is revoked, signed, under the next number, in the place of the one that was seen.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use licentia_license::Text;
use licentia_license::keyset::Purpose;
use licentia_license::revocations::{RevocationList, Revoked, VALID_S, flatten, next_seq, open};
use licentia_model::{LicenseState, PublishedList, public_reason};
use licentia_storage::licenses::{Path, Walk};
use licentia_storage::{Place, Transaction};
use uuid::Uuid;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;

/// The name of the list among published ones.
pub(crate) const NAME: &str = "revocations";
/// A list is made anew when it is so old, in seconds.
pub const EVERY_S: i64 = 3600;
/// A list that is older is an alarm, in seconds.
pub const LATE_S: i64 = 3 * 3600;
/// How long the key of a licence that has ended stays on the list, in seconds: clocks of products may be wrong.
const AFTER_END_S: i64 = 30 * 24 * 3600;
const PAGE: u32 = 1_000;
/// Publishers that one may meet before it gives up; each of them published a list.
const RACES: u32 = 20;

/// The newest list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The list as it is served.
    pub list: PublishedList,
    /// Whether it was made by this call.
    pub made: bool,
}

/// What a process knows of the newest list without asking.
#[derive(Default)]
pub(crate) struct Newest {
    seq: AtomicU64,
    signed_at: AtomicI64,
}

impl Newest {
    pub(crate) fn seq(&self) -> u64 {
        self.seq.load(Ordering::Relaxed)
    }

    fn set(&self, seq: u64, signed_at: i64) {
        self.seq.store(seq, Ordering::Relaxed);
        self.signed_at.store(signed_at, Ordering::Relaxed);
    }
}

impl Authority {
    /// Publishes what is revoked now: anew where that has changed since, or the newest list is an hour old, or
    /// `anew`.
    pub async fn publish_revocations(&self, anew: bool) -> Result<Listed, AuthorityError> {
        for _ in 0..RACES {
            let (former, revoked) = self
                .read(|this, tx| {
                    Box::pin(async move {
                        let former = tx.published_list(NAME).await?;
                        Ok((former, this.revoked(tx).await?))
                    })
                })
                .await?;
            let now = self.clock().now();
            if let Some(list) = &former
                && !anew
                && (0..EVERY_S).contains(&now.saturating_sub(list.signed_at))
                && self.stands(&list.document, &revoked)?
            {
                self.newest().set(list.seq, list.signed_at);
                return Ok(Listed { list: list.clone(), made: false });
            }
            let seq = former.as_ref().map(|list| list.seq);
            let list = self.draw_list(seq, revoked, now)?;
            let (published, taken) = (list.clone(), seq);
            let done = self
                .write(move |_, tx| {
                    Box::pin(async move { Ok(tx.publish_list(NAME, taken, &published).await?) })
                })
                .await?;
            if done {
                self.newest().set(list.seq, list.signed_at);
                return Ok(Listed { list, made: true });
            }
        }
        Err(licentia_storage::StorageError::Unavailable(
            "too many publish the revocation list at once".into(),
        )
        .into())
    }

    /// Whether a list says this, and is signed by the key that signs today.
    fn stands(&self, document: &str, revoked: &[Revoked]) -> Result<bool, AuthorityError> {
        let keyring = self.keyring();
        let signer = keyring.signer(Purpose::Revocation)?.public_key().kid();
        let list = open(document, &keyring.trust);
        Ok(list.is_ok_and(|list| list.kid() == signer && list.revoked == revoked))
    }

    fn draw_list(
        &self,
        former: Option<u64>,
        revoked: Vec<Revoked>,
        now: i64,
    ) -> Result<PublishedList, AuthorityError> {
        let seq = next_seq(former, self.clock().now_micros());
        if former.is_some_and(|former| former > seq) {
            tracing::error!(
                former,
                seq,
                "the former revocation list was numbered by a clock that was wrong; its number is not gone on from"
            );
        }
        let expires_at = now.saturating_add(VALID_S);
        let claims = RevocationList {
            iss: self.issuer().to_owned(),
            iat: now,
            exp: expires_at,
            seq,
            revoked,
        };
        let token = self.sign(&claims)?;
        // What does not verify must not reach a product, whatever went wrong.
        open(&token, &self.trust()).map_err(|e| {
            AuthorityError::Keys(format!("the revocation list does not verify: {e}"))
        })?;
        let document = flatten(&token).unwrap_or(token);
        Ok(PublishedList { seq, signed_at: now, expires_at, document })
    }

    /// All that is revoked, by id.
    async fn revoked(&self, tx: &mut dyn Transaction) -> Result<Vec<Revoked>, AuthorityError> {
        let now = self.clock().now();
        let mut all: BTreeMap<String, Revoked> = BTreeMap::new();
        let mut add = |id: String, at: i64, reason: &str, grace_until: Option<i64>| {
            let entry = Revoked {
                id: Text::from(id.as_str()),
                at,
                reason: Some(Text::from(public_reason(Some(reason)))),
                grace_until,
            };
            all.insert(id, entry);
        };
        let mut after = Uuid::nil();
        loop {
            let page = tx.voided_keys_after(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.0;
            for (jti, at) in page {
                add(jti.to_string(), at, "superseded", None);
            }
        }
        let (path, descending, limit) = (Path::Revoked, false, PAGE);
        let mut after = Place { at: i64::MIN, id: Uuid::nil() };
        loop {
            let page = tx.walk_licenses(&Walk { path, descending, after, limit }).await?;
            let Some(last) = page.last() else { break };
            after = path.place(last);
            for license in page {
                let over =
                    license.expires_at.is_some_and(|end| end < now.saturating_sub(AFTER_END_S));
                if let (false, LicenseState::Revoked { at, reason, grace_until }) =
                    (over, license.state)
                {
                    add(
                        license.id.to_string(),
                        at,
                        reason.as_deref().unwrap_or("other"),
                        grace_until,
                    );
                }
            }
        }
        let mut after = String::new();
        loop {
            let page = tx.revocations_after(&after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after.clone_from(&last.key_id);
            for revocation in page.into_iter().filter(|r| r.lifted_at.is_none()) {
                add(revocation.key_id, revocation.at, &revocation.reason, revocation.grace_until);
            }
        }
        Ok(all.into_values().collect())
    }

    /// The newest list, as it is served.
    pub async fn published_revocations(&self) -> Result<Option<PublishedList>, AuthorityError> {
        self.read(|_, tx| Box::pin(async move { Ok(tx.published_list(NAME).await?) })).await
    }

    /// Looks which list is the newest, since another process may have published it; its number, when it was signed, and its end.
    pub async fn look_at_newest_list(&self) -> Result<Option<(u64, i64, i64)>, AuthorityError> {
        let mark =
            self.read(|_, tx| Box::pin(async move { Ok(tx.published_mark(NAME).await?) })).await?;
        if let Some((seq, signed_at, _)) = mark {
            self.newest().set(seq, signed_at);
        }
        Ok(mark)
    }

    /// Number of the newest list that this process knows of; 0 where there is none.
    #[must_use]
    pub fn newest_list(&self) -> u64 {
        self.newest().seq()
    }

    /// Puts on record that the newest list is late, or is not any more.
    pub async fn record_lateness(&self, late: bool, age_s: i64) -> Result<(), AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let action = if late { "revocations.late" } else { "revocations.in_time" };
                let entry = Entry::new().fact("age_s", age_s);
                let actor = Actor::new("system", "local");
                this.record(tx, &actor, action, "revocations".into(), entry).await
            })
        })
        .await
    }
}
