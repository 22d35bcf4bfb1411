//! Takes over what `revocations.txt` says. A line adds; that one is gone takes nothing back, the operator is asked.

use std::collections::HashSet;

use licentia_model::{Revocation, RevocationSource};
use licentia_protocol::revocations::{Text, TextProblem};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::hex::hex;
use crate::revocations::text::{self, Line};
use crate::seats::timestamp;

/// The setting that says what the text was when it was last read.
const READ: &str = "revocations_text";
/// Bad lines that are told.
const TOLD: usize = 100;
const PAGE: u32 = 1_000;
/// Lines that one transaction takes over.
const BATCH: usize = 500;

impl Authority {
    /// Takes over a text as it is now; `grace_s` seconds for what is new in it.
    pub async fn import_revocations(
        &self,
        text: Vec<u8>,
        grace_s: u32,
    ) -> Result<Text, AuthorityError> {
        let digest = hex(&<[u8; 32]>::from(Sha256::digest(&text)));
        if let Some(read) = self.revocations_text().await?.filter(|read| read.digest == digest) {
            return Ok(read);
        }
        let read = text::read(&text);
        let actor = Actor::new("system:revocations.txt", "local");
        let listed = read.lines.iter().map(|line| line.key_id.clone()).collect();
        let (known, missing) = self.compare_text(listed, actor.clone()).await?;
        let new: Vec<_> =
            read.lines.iter().filter(|line| !known.contains(&line.key_id)).cloned().collect();
        let added = new.len();
        // A key of ours takes the lock of its licence, which comes before any audit row: one a transaction. Ids of
        // others lock nothing and go together.
        let (ours, others): (Vec<_>, Vec<_>) =
            new.into_iter().partition(|line| Uuid::parse_str(&line.key_id).is_ok());
        let parts = ours.chunks(1).chain(others.chunks(BATCH)).map(<[Line]>::to_vec);
        for lines in parts {
            let actor = actor.clone();
            self.write(move |this, tx| {
                Box::pin(async move {
                    let now = this.clock().now();
                    for line in lines {
                        let until = now.saturating_add(i64::from(grace_s));
                        let revocation = Revocation {
                            reason: line.reason().into(),
                            key_id: line.key_id,
                            at: now,
                            comment: line.comment,
                            grace_until: (grace_s > 0).then_some(until),
                            source: RevocationSource::Text,
                            missing_since: None,
                            lifted_at: None,
                        };
                        this.revoke_key_in(tx, revocation, &actor).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        }
        for bad in &read.bad {
            tracing::warn!(
                line = bad.number,
                problem = bad.problem,
                "revocations.txt: a line revokes nothing"
            );
        }
        let problems = read.bad.iter().take(TOLD);
        let text = Text {
            digest,
            read_at: timestamp(self.clock().now()),
            lines: read.lines.len(),
            bad_lines: read.bad.len(),
            problems: problems
                .map(|bad| TextProblem { line: bad.number, problem: bad.problem.into() })
                .collect(),
            missing,
        };
        let kept = serde_json::to_string(&text).unwrap_or_default();
        let entry = Entry::new()
            .fact("added", added)
            .fact("missing", missing)
            .fact("lines", text.lines)
            .fact("bad_lines", text.bad_lines);
        self.write(move |this, tx| {
            Box::pin(async move {
                // Last, so that whoever was killed before reads the text again.
                tx.put_setting(READ, &kept).await?;
                this.record(tx, &actor, "revocations.text", "revocations".into(), entry).await
            })
        })
        .await?;
        Ok(text)
    }

    /// Notes which lines are gone, and which are back; the keys that need nothing, and how many lines are gone.
    async fn compare_text(
        &self,
        listed: HashSet<String>,
        actor: Actor,
    ) -> Result<(HashSet<String>, u64), AuthorityError> {
        self.write(move |this, tx| {
            Box::pin(async move {
                let now = this.clock().now();
                let (mut known, mut missing, mut after) = (HashSet::new(), 0, String::new());
                loop {
                    let page = tx.revocations_after(&after, PAGE).await?;
                    let Some(last) = page.last() else { return Ok((known, missing)) };
                    after.clone_from(&last.key_id);
                    for mut revocation in page {
                        let is_listed = listed.contains(&revocation.key_id);
                        let was_missing = revocation.missing_since.is_some();
                        if revocation.lifted_at.is_some() {
                            // Lifted while its line stood: the operator's word is the later one. A line that was gone
                            // and is there again revokes again.
                            if is_listed && !was_missing {
                                known.insert(revocation.key_id);
                            } else if !is_listed && !was_missing {
                                revocation.missing_since = Some(now);
                                tx.put_revocation(&revocation).await?;
                            }
                            continue;
                        }
                        known.insert(revocation.key_id.clone());
                        if revocation.source != RevocationSource::Text {
                            continue;
                        }
                        missing += u64::from(!is_listed);
                        if is_listed == was_missing {
                            revocation.missing_since = (!is_listed).then_some(now);
                            tx.put_revocation(&revocation).await?;
                            let (action, entry) = match is_listed {
                                true => ("key.line_back", Entry::change("gone", "listed")),
                                false => ("key.line_gone", Entry::change("listed", "gone")),
                            };
                            let subject = format!("key:{}", revocation.key_id);
                            this.record(tx, &actor, action, subject, entry).await?;
                        }
                    }
                }
            })
        })
        .await
    }

    /// What the text said when it was last read.
    pub async fn revocations_text(&self) -> Result<Option<Text>, AuthorityError> {
        let kept = self.read(|_, tx| Box::pin(async move { Ok(tx.setting(READ).await?) })).await?;
        Ok(kept.and_then(|text| serde_json::from_str(&text).ok()))
    }
}
