//! Why a use case was not done, as an operator is told.

use licentia_authority::{AuthorityError, StorageError};
use licentia_protocol::{Code, Problem};

use crate::problem::Failure;

/// The answer. What failed inside stands in the log alone.
impl From<AuthorityError> for Failure {
    fn from(error: AuthorityError) -> Self {
        answer(&error).into()
    }
}

fn answer(error: &AuthorityError) -> Problem {
    let told = |code: Code| Problem::new(code).because(&sentence(&error.to_string()));
    match error {
        AuthorityError::NotFound { .. } => told(Code::NoSuchResource),
        AuthorityError::Invalid { field, problem } => {
            told(Code::Invalid).at(field, "invalid", problem)
        }
        AuthorityError::Catalog(mistake) => {
            told(Code::Invalid).at("catalog", "invalid", &mistake.to_string())
        }
        AuthorityError::One { place, error: inner } => {
            let mut problem = answer(inner);
            problem.detail = format!("Licence {place}: {}", problem.detail);
            for found in &mut problem.errors {
                found.field = format!("licenses[{}].{}", place - 1, found.field);
            }
            problem
        }
        AuthorityError::NotAllowed { .. } => told(Code::WrongState),
        AuthorityError::Changed => Problem::new(Code::PreconditionFailed),
        AuthorityError::Exists { .. } | AuthorityError::Storage(StorageError::Conflict(_)) => {
            told(Code::AlreadyExists)
        }
        AuthorityError::LastOwner(_) => told(Code::LastOwner),
        AuthorityError::Forbidden(_) => told(Code::Forbidden),
        AuthorityError::Refused(code) => Problem::new(*code),
        AuthorityError::Storage(StorageError::Unavailable(_) | StorageError::Stale(_)) => {
            tracing::warn!(%error, "an operator's request was put off");
            Problem::new(Code::Unavailable)
        }
        _ => {
            tracing::error!(%error, "an operator's request failed");
            Problem::new(Code::Internal)
        }
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}
