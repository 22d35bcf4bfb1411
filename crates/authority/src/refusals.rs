//! Refusals are counted and summed in the audit trail, not a row each: whoever has no licence could fill the disk
//! with rows (decision 42).

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use licentia_protocol::Code;

use crate::audit::{Actor, Entry};
use crate::authority::Authority;
use crate::error::AuthorityError;

/// Refusals since the last sum, by code.
#[derive(Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<&'static str, u64>>);

impl Refusals {
    pub(crate) fn count(&self, code: Code) {
        self.add(code.as_str(), 1);
    }

    fn add(&self, code: &'static str, count: u64) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(code).or_default() += count;
    }

    fn take(&self) -> BTreeMap<&'static str, u64> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Authority {
    /// Puts the refusals since the last time on record, in one row; none where nobody was refused.
    pub async fn record_refusals(&self) -> Result<(), AuthorityError> {
        let counts = self.refusals().take();
        if counts.is_empty() {
            return Ok(());
        }
        let mut entry = Entry::new();
        for (code, count) in &counts {
            entry = entry.fact(code, *count);
        }
        let recorded = self
            .write(move |this, tx| {
                Box::pin(async move {
                    let actor = Actor::new("system", "local");
                    this.record(tx, &actor, "product.refused", "authority".into(), entry).await
                })
            })
            .await;
        if recorded.is_err() {
            for (code, count) in counts {
                self.refusals().add(code, count);
            }
        }
        recorded
    }
}
