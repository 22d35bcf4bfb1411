//! What stands behind the question mark, and in the path, with our own errors. A filter that is misspelt is an
//! error: to leave it out would show everything.

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use axum::http::request::Parts;
use licentia_authority::AuthorityError;
use licentia_protocol::{Code, Problem};
use serde::de::DeserializeOwned;

use crate::problem::Failure;

/// Parameters; their type says `#[serde(deny_unknown_fields)]`.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match AxumQuery::<T>::from_request_parts(parts, state).await {
            Ok(AxumQuery(query)) => Ok(Self(query)),
            Err(rejection) => Err(fault(&rejection).into()),
        }
    }
}

fn fault(rejection: &QueryRejection) -> Problem {
    let text = std::error::Error::source(rejection)
        .map_or_else(|| rejection.to_string(), ToString::to_string);
    let named = |before: &str| {
        let (_, rest) = text.split_once(before)?;
        rest.split_once('`').map(|(field, _)| field.to_owned())
    };
    let problem = Problem::new(Code::Malformed);
    if let Some(field) = named("unknown field `") {
        let what = "There is no such parameter.";
        return problem
            .because(&format!("A parameter is not known: {field:?}."))
            .at(&field, "unknown", what);
    }
    // `name: what was wrong`, where it is the value of a parameter that is known.
    match text.split_once(": ") {
        Some((field, _)) if field.chars().all(|c| c.is_ascii_lowercase() || c == '_') => problem
            .because(&format!("The parameter `{field}` has a value of the wrong kind."))
            .at(field, "malformed", "The value is of the wrong kind."),
        _ => problem.because("The parameters behind the `?` cannot be read."),
    }
}

/// Whether a list is asked for with the oldest first.
pub(crate) fn ascending(sort: Option<&str>) -> Result<bool, AuthorityError> {
    match sort {
        None | Some("-created_at") => Ok(false),
        Some("created_at") => Ok(true),
        Some(_) => Err(AuthorityError::Invalid {
            field: "sort",
            problem: "it must be `created_at` or `-created_at`".into(),
        }),
    }
}

/// A part of the path. One that cannot be anything's name is nothing's name.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match AxumPath::<T>::from_request_parts(parts, state).await {
            Ok(AxumPath(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(_)) => {
                Err(Code::NoSuchResource.into())
            }
            Err(_) => Err(Code::Internal.into()),
        }
    }
}
