//! Checks the whole trail: each row's hash, its place, its commitments, the head, and the checkpoints.

use std::collections::BTreeMap;

use licentia_model::AuditRow;
use licentia_model::audit::AuditSecret;
use licentia_protocol::resource::AuditReport;
use serde_json::Value;

use crate::audit::{HEAD, head_mark, row_hash, stated};
use crate::authority::Authority;
use crate::error::AuthorityError;
use crate::hex::hex;
use crate::seats::timestamp;

const PAGE: u32 = 1_000;
/// Rows with a wrong hash whose true place is looked for; a trail with more was not edited by hand.
const PLACED: usize = 200;

/// What was seen so far.
#[derive(Default)]
struct Walk {
    seq: u64,
    hash: [u8; 32],
    rows: u64,
    findings: Vec<String>,
    edited: Vec<AuditRow>,
}

impl Authority {
    /// Checks the whole trail, and names what was edited, removed, or moved, and an older backup.
    pub async fn verify_audit(&self) -> Result<AuditReport, AuthorityError> {
        let checkpoints = self.checkpoints()?;
        let mut walk = Walk { findings: checkpoints.findings.clone(), ..Walk::default() };
        let mut expected: BTreeMap<u64, (String, i64)> =
            checkpoints.of.iter().map(|at| (at.seq, (at.hash.clone(), at.iat))).collect();
        loop {
            let after = walk.seq;
            let (rows, head) = self
                .read(move |_, tx| {
                    Box::pin(async move {
                        let mut rows = Vec::new();
                        for row in tx.audit_rows(after, PAGE).await? {
                            let secrets = tx.audit_secrets(row.seq).await?;
                            rows.push((row, secrets));
                        }
                        // Read with the last page, so that a row added meanwhile is not taken for a loss.
                        Ok((rows, tx.setting(HEAD).await?))
                    })
                })
                .await?;
            let last_page = rows.len() < PAGE as usize;
            for (row, secrets) in rows {
                if let Some((hash, at)) = expected.remove(&row.seq)
                    && hash != hex(&row.hash)
                {
                    walk.findings.push(format!(
                        "row {} is not the one that the checkpoint of {} knows: it or a row before it was rewritten",
                        row.seq,
                        timestamp(at)
                    ));
                }
                walk.step(row, &secrets);
            }
            if last_page {
                let marked = (walk.seq > 0).then(|| head_mark(self.master(), walk.seq, &walk.hash));
                if head != marked {
                    walk.findings.push(format!(
                        "the trail ends at row {}, which is not where the authority ended it",
                        walk.seq
                    ));
                }
                break;
            }
        }
        walk.place();
        if let Some((last, (_, at))) = expected.range(walk.seq + 1..).next_back() {
            walk.findings.push(format!(
                "the trail ends at row {}, and the checkpoint of {} knows row {last}: an older backup was restored, or \
                 the end was removed",
                walk.seq,
                timestamp(*at)
            ));
        }
        Ok(AuditReport {
            valid: walk.findings.is_empty(),
            rows: walk.rows,
            checkpoints: checkpoints.of.len() as u64,
            findings: walk.findings,
        })
    }
}

impl Walk {
    fn step(&mut self, row: AuditRow, secrets: &[AuditSecret]) {
        self.rows += 1;
        let mut found = Vec::new();
        if row.seq != self.seq + 1 {
            found.push(format!("rows {} to {} are missing", self.seq + 1, row.seq - 1));
        }
        if row.previous != self.hash {
            found.push(format!("row {} does not follow the row before it", row.seq));
        }
        let details = serde_json::from_str::<Value>(&row.details).unwrap_or_default();
        for secret in secrets {
            if details[&secret.field] != stated(&secret.salt, &secret.value) {
                found.push(format!(
                    "the personal value `{}` of row {} was edited",
                    secret.field, row.seq
                ));
            }
        }
        (self.seq, self.hash) = (row.seq, row.hash);
        if row_hash(&row) != row.hash {
            found.push(format!("row {} was edited", row.seq));
            if self.edited.len() < PLACED {
                self.edited.push(row);
            }
        }
        self.findings.append(&mut found);
    }

    /// A row whose hash is right at the place of another was moved there, not edited.
    fn place(&mut self) {
        for row in &self.edited {
            let was = self.edited.iter().map(|other| other.seq).find(|seq| {
                *seq != row.seq && row_hash(&AuditRow { seq: *seq, ..row.clone() }) == row.hash
            });
            let Some(was) = was else { continue };
            let edited = format!("row {} was edited", row.seq);
            for finding in self.findings.iter_mut().filter(|finding| **finding == edited) {
                *finding = format!("row {was} was moved to the place of row {}", row.seq);
            }
        }
    }
}
