//! Who had a trial.

use async_trait::async_trait;
use uuid::Uuid;

use crate::Result;

/// What is known of a trial.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrialMark {
    /// The product.
    pub product_id: Uuid,
    /// Keyed hash of an address, a domain, or a part of a machine.
    pub mark: [u8; 32],
    /// The licence that was the trial.
    pub license_id: Uuid,
    /// The machine that the part is of.
    pub fingerprint: Option<String>,
}

/// Trials of products.
#[async_trait]
pub trait Trials {
    /// Keeps a mark; a second time too.
    async fn put_trial_mark(&mut self, mark: &TrialMark) -> Result<()>;
    /// At most so many with this mark.
    async fn trial_marks(
        &mut self,
        product_id: Uuid,
        mark: &[u8; 32],
        limit: u32,
    ) -> Result<Vec<TrialMark>>;
    /// Forgets which machines a licence ran on, not that it was a trial.
    async fn forget_trial_machines(&mut self, license_id: Uuid) -> Result<u64>;
}
