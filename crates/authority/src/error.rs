//! Why a use case for operators was not done, by who must act.

use licentia_issue::master::Unsealable;
use licentia_issue::sign::SignError;
use licentia_protocol::Code;
use licentia_storage::StorageError;

use crate::catalog::CatalogError;

/// A use case that was not done; nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// What was named does not exist.
    #[error("there is no {what} `{name}`")]
    NotFound {
        /// The noun.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// A value that cannot be used.
    #[error("{field}: {problem}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it, and what is wanted.
        problem: String,
    },
    /// A mistake in a catalogue.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The state of the thing does not allow it.
    #[error("the {what} cannot be {action}: it is {state}")]
    NotAllowed {
        /// The noun.
        what: &'static str,
        /// What was asked for, e.g. `suspended`.
        action: &'static str,
        /// What it is.
        state: &'static str,
    },
    /// It changed since whoever asks has read it.
    #[error("it has changed since it was read")]
    Changed,
    /// There is one of this name.
    #[error("there is a {what} `{name}` already")]
    Exists {
        /// The noun.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// One of many could not be done, so none was.
    #[error("licence {place}: {error}")]
    One {
        /// Its place among them, from 1.
        place: usize,
        /// Why.
        error: Box<AuthorityError>,
    },
    /// Nobody could let others in any more.
    #[error("`{0}` is the last owner")]
    LastOwner(String),
    /// Whoever asks may not do that; why.
    #[error("{0}")]
    Forbidden(String),
    /// The answer is a code, and no more is to be said.
    #[error("{}", .0.title())]
    Refused(Code),
    /// The data directory was set up before.
    #[error("the authority is set up already")]
    AlreadyInitialized,
    /// The data directory was never set up.
    #[error("the authority is not set up yet")]
    NotInitialized,
    /// The database.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A sealed value did not open.
    #[error(transparent)]
    Unsealable(#[from] Unsealable),
    /// Nothing was signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A key the authority keeps for itself is unusable.
    #[error("signing keys: {0}")]
    Keys(String),
}
