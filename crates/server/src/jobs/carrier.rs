//! Who carries out jobs of a kind. To add one: implement this, and name it in [`carriers`](super::carriers).

use licentia_authority::jobs::{Backoff, Outcome};
use licentia_model::Job;
use licentia_storage::BoxFuture;

/// Carries out the jobs of one kind. It may be given the same job twice, in this process or in the next, and does no
/// harm then. An attempt takes less than [`LONGEST`](super::work::LONGEST).
pub(crate) trait Carrier: Send + Sync + 'static {
    /// The kind.
    fn kind(&self) -> &'static str;

    /// How many at once.
    fn at_once(&self) -> u32 {
        8
    }

    /// When what failed is tried again.
    fn backoff(&self) -> Backoff;

    /// One attempt.
    fn carry<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Outcome>;
}
