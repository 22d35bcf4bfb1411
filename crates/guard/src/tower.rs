//! Layers for web services: what a route needs of the licence, and how often a tenant may ask. Behind the feature
//! `tower`.
//!
//! ```no_run
//! # fn routes<R>(guard: &licentia::Guard, router: R) -> R { router }
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let guard = licentia::Guard::builder("rules", "").start()?;
//! let rbac = licentia::tower::require_feature(&guard, "rbac");
//! let paid = licentia::tower::require_tier(&guard, "PRO");
//! let paced = licentia::tower::limit_rate(&guard, "requests_per_minute", |parts| {
//!     parts.headers.get("x-tenant").and_then(|name| name.to_str().ok()).unwrap_or_default().to_owned()
//! });
//! // axum: Router::new().route("/roles", get(roles)).layer(rbac).layer(paid).layer(paced)
//! # Ok(())
//! # }
//! ```
//!
//! Who may not is answered 403, who asks too often 429, each with a problem document (RFC 9457). They work with every
//! service whose body can be made from a text.

mod rate;

use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::Either;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use serde_json::json;
use tower_layer::Layer;
use tower_service::Service;

use self::rate::Rates;
use crate::denied::{Denied, Limit};
use crate::feature::Feature;
use crate::guard::{Guard, Tier};

/// Lets pass what the licence's features allow.
#[must_use]
pub fn require_feature(guard: &Guard, feature: &str) -> Requirement {
    Requirement::of(Need::Feature(guard.feature(feature)))
}

/// Lets pass where the tier in force is this one or a higher; see [`Guard::require_tier`].
#[must_use]
pub fn require_tier<'a>(guard: &Guard, tier: impl Into<Tier<'a>>) -> Requirement {
    let tier = match tier.into() {
        Tier::Rank(rank) => OwnTier::Rank(rank),
        Tier::Name(name) => OwnTier::Name(name.to_owned()),
    };
    Requirement::of(Need::Tier(guard.clone(), tier))
}

/// Lets a tenant pass as often a minute as the limit of this name in the plan says; each has a minute's worth at once.
/// Where the licence does not name the limit, nobody passes.
///
/// `tenant` names who asks. Put it behind whatever proves that: 10,000 tenants are remembered at a time, and by this
/// process alone.
#[must_use]
pub fn limit_rate(
    guard: &Guard,
    limit: &str,
    tenant: impl Fn(&Parts) -> String + Send + Sync + 'static,
) -> Requirement {
    let (guard, limit, tenant) = (guard.clone(), limit.to_owned(), Box::new(tenant));
    Requirement::of(Need::Rate { guard, limit, tenant, rates: Rates::default() })
}

type TenantOf = Box<dyn Fn(&Parts) -> String + Send + Sync>;

enum OwnTier {
    Rank(u32),
    Name(String),
}

enum Need {
    Feature(Feature),
    Tier(Guard, OwnTier),
    Rate { guard: Guard, limit: String, tenant: TenantOf, rates: Rates },
}

enum Refusal {
    Denied(Denied),
    TooOften { most: u64, retry_after_s: i64 },
}

/// What a route needs; a layer.
#[derive(Clone)]
pub struct Requirement(Arc<Need>);

impl Requirement {
    fn of(need: Need) -> Self {
        Self(Arc::new(need))
    }

    fn check(&self, parts: &Parts) -> Result<(), Refusal> {
        match &*self.0 {
            Need::Feature(feature) => feature.ensure().map_err(Refusal::Denied),
            Need::Tier(guard, OwnTier::Rank(rank)) => {
                guard.require_tier(*rank).map_err(Refusal::Denied)
            }
            Need::Tier(guard, OwnTier::Name(name)) => {
                guard.require_tier(name.as_str()).map_err(Refusal::Denied)
            }
            Need::Rate { guard, limit, tenant, rates } => match guard.limit(limit) {
                Limit::Unlimited => Ok(()),
                Limit::AtMost(most @ 1..) => rates
                    .take(&tenant(parts), most, guard.steady_micros())
                    .map_err(|retry_after_s| Refusal::TooOften { most, retry_after_s }),
                Limit::AtMost(_) | Limit::NotGranted => {
                    guard.within(limit, 1).map_err(Refusal::Denied)
                }
            },
        }
    }
}

impl<S> Layer<S> for Requirement {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate { requirement: self.clone(), inner }
    }
}

/// A service behind a [`Requirement`].
#[derive(Clone)]
pub struct Gate<S> {
    requirement: Requirement,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for Gate<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    R: From<String>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Either<S::Future, Ready<Result<Response<R>, S::Error>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        match self.requirement.check(&parts) {
            Ok(()) => Either::Left(self.inner.call(Request::from_parts(parts, body))),
            Err(refusal) => Either::Right(ready(Ok(refusal.answer()))),
        }
    }
}

impl Refusal {
    fn answer<R: From<String>>(self) -> Response<R> {
        match self {
            Self::Denied(denied) => problem(StatusCode::FORBIDDEN, denied.problem_json()),
            Self::TooOften { most, retry_after_s } => {
                let detail = format!(
                    "The plan allows {most} requests a minute. Try again in {retry_after_s} s."
                );
                let body = json!({
                    "type": "urn:licentia:error:rate_limited",
                    "title": "Too many requests",
                    "status": 429,
                    "detail": detail,
                    "code": "rate_limited",
                    "limit": most,
                });
                let mut response = problem(StatusCode::TOO_MANY_REQUESTS, body.to_string());
                response.headers_mut().insert(RETRY_AFTER, retry_after_s.into());
                response
            }
        }
    }
}

fn problem<R: From<String>>(status: StatusCode, body: String) -> Response<R> {
    let mut response = Response::new(R::from(body));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
