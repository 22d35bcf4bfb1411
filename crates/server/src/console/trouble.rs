//! A page that could not be shown, and what to do.

use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use licentia_authority::AuthorityError;
use serde_json::{Value, json};

use crate::console::messages::language;
use crate::console::view;
use crate::console::visitor::Visitor;
use crate::metrics::Told;
use crate::problem::Failure;

/// Why, and to whom it is told.
pub(crate) struct Trouble {
    failure: Failure,
    language: &'static str,
    visitor: Option<Box<Visitor>>,
}

impl Trouble {
    /// Told to anybody.
    pub(crate) fn of(headers: &HeaderMap, failure: Failure) -> Self {
        Self { failure, language: language(headers), visitor: None }
    }

    /// Told to an operator, within the frame.
    pub(crate) fn told(visitor: Visitor, failure: Failure) -> Self {
        Self { failure, language: visitor.language, visitor: Some(Box::new(visitor)) }
    }
}

/// What a template shows of a failure.
pub(crate) fn shown(failure: &Failure) -> Value {
    let problem = failure.problem();
    json!({
        "code": problem.code,
        "status": problem.status,
        "detail": problem.detail,
        "fields": problem.errors,
        "retry_after_s": failure.retry_after_s(),
    })
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let error = shown(&self.failure);
        let response = match self.visitor {
            Some(visitor) => visitor.page("trouble.html", json!({ "section": "", "error": error })),
            None => view::page("stranger.html", json!({ "lang": self.language, "error": error })),
        };
        as_told(response, self.failure)
    }
}

/// A page with what the answer to a program would carry: the status, the code for the metrics, and `Retry-After`.
pub(crate) fn as_told(mut page: Response, failure: Failure) -> Response {
    let plain = failure.into_response();
    if page.status().is_success() {
        *page.status_mut() = plain.status();
    }
    if let Some(told) = plain.extensions().get::<Told>() {
        page.extensions_mut().insert(*told);
    }
    if let Some(later) = plain.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, later.clone());
    }
    page
}

/// What a page ends with.
pub(crate) type Shown = Result<Response, Trouble>;

/// Tells an operator why a use case was not done, in place of the page.
pub(crate) trait OrTrouble<T> {
    fn or_trouble(self, visitor: Visitor) -> Result<(Visitor, T), Trouble>;
}

impl<T> OrTrouble<T> for Result<T, AuthorityError> {
    fn or_trouble(self, visitor: Visitor) -> Result<(Visitor, T), Trouble> {
        match self {
            Ok(value) => Ok((visitor, value)),
            Err(error) => Err(Trouble::told(visitor, error.into())),
        }
    }
}
