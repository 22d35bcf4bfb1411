//! Problem documents as HTTP answers.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use licentia_protocol::problem::MEDIA_TYPE;
use licentia_protocol::{Code, Problem};

use crate::metrics::Told;

/// Seconds after which a client may try again, where the answer says "not now" and nothing closer is known.
const RETRY_AFTER_S: u64 = 5;

/// A problem on its way out.
pub(crate) struct Failure {
    problem: Box<Problem>,
    retry_after_s: u64,
}

impl Failure {
    /// What it says.
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Seconds after which to try again, where that helps.
    pub(crate) fn retry_after_s(&self) -> u64 {
        self.retry_after_s
    }

    /// Not now, but in so many seconds.
    pub(crate) fn later(code: Code, retry_after_s: u64) -> Self {
        Self { problem: Box::new(Problem::new(code)), retry_after_s }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        // The same request is at work in this very process.
        let running = problem.code == Code::InProgress.as_str();
        let retry_after_s = if running { 1 } else { RETRY_AFTER_S };
        Self { problem: Box::new(problem), retry_after_s }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Problem::new(code).into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&*self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let code = Code::ALL.iter().find(|code| code.as_str() == self.problem.code);
        match status {
            StatusCode::UNAUTHORIZED => {
                // Docker and pip ask their user, whose name and password they then send.
                let way = match code {
                    Some(Code::WrongCredentials) => "Basic realm=\"licentia\"",
                    _ => "Bearer",
                };
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(way));
            }
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, self.retry_after_s.into());
            }
            StatusCode::CONFLICT if self.problem.code == Code::InProgress.as_str() => {
                headers.insert(header::RETRY_AFTER, self.retry_after_s.into());
            }
            _ => {}
        }
        if let Some(code) = code {
            response.extensions_mut().insert(Told(code.as_str()));
        }
        response
    }
}
