//! Lists for products that nobody can reach: brought from `revocations.txt` to `revocations.json`, in a folder or a
//! bucket.
//!
//! [`Publisher`] does it for an authority, [`standalone`] with nothing but a text and a key. Both put a list in the place
//! of the one they saw, and never one with a lower number than is there.

mod deliver;
mod publisher;
pub mod standalone;
mod watch;

pub use deliver::{Delivered, deliver, newest};
pub use publisher::Publisher;
pub use watch::Watch;

use crate::objects::ObjectsError;

/// The text's name in its place.
pub const TEXT: &str = "revocations.txt";
/// The list's name in its place.
pub const LIST: &str = "revocations.json";

/// Why a list did not get where it belongs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListError {
    /// The folder or the bucket.
    #[error(transparent)]
    Place(#[from] ObjectsError),
    /// The authority.
    #[error(transparent)]
    Authority(#[from] licentia_authority::AuthorityError),
    /// Nothing was signed.
    #[error(transparent)]
    Sign(#[from] licentia_issue::sign::SignError),
    /// A list is there, and it cannot be gone on from.
    #[error("{LIST} in {place}: {problem}")]
    Former {
        /// Where it is.
        place: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The text is not there.
    #[error("there is no {TEXT} in {0}")]
    NoText(String),
    /// Others were always faster.
    #[error("too many publish into {0} at once")]
    Races(String),
}
