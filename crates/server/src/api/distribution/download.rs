//! `GET /v1/downloads/{artifact}/{name}`.

use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use futures_util::{StreamExt, TryStreamExt, stream};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use licentia_authority::Authority;
use licentia_authority::distribution::archive::{Segment, clip};
use licentia_authority::distribution::link::{Delivery, LinkQuery};
use licentia_authority::hex::hex;
use licentia_protocol::range::{Wanted, wanted};
use licentia_protocol::{Code, Problem};
use serde::Deserialize;
use uuid::Uuid;

use crate::api::admin::query::{Path, Query};
use crate::artifacts::{Artifacts, Store};
use crate::extract::{names_strong_tag, names_tag};
use crate::gate::Gate;
use crate::openapi::problems;
use crate::problem::Failure;

/// How long the store's own link is good: as long as it takes to follow it.
const REDIRECT_LIFE: Duration = Duration::from_secs(60);

/// What stands behind the question mark of a link.
#[derive(Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Parameters {
    /// When the link ends, seconds since the epoch.
    exp: String,
    /// Which key made it.
    kid: String,
    /// The licence on whose account it was made.
    #[param(required = false)]
    license: Option<String>,
    /// The code over method, path, file and all of these.
    sig: String,
}

problems!(
    BadLink,
    NotCovered,
    Suspended,
    Revoked,
    Cancelled,
    Expired,
    NotYetValid,
    ChainBroken,
    NoSuchResource,
    RangeNotSatisfiable,
    Malformed,
    RateLimited,
    Internal,
    Unavailable
);

/// A file, by a link that was made for it. Ranges and conditions are honoured (RFC 9110), so a download can be resumed.
/// A link is good for `GET` alone. `Repr-Digest` tells the SHA-256 of what is sent, unless it was made the customer's own.
#[utoipa::path(
    get,
    path = "/v1/downloads/{artifact}/{name}",
    operation_id = "download",
    tag = "distribution",
    params(
        ("artifact" = Uuid, Path, description = "The file's id."),
        ("name" = String, Path, description = "Its name."),
        Parameters,
        ("Range" = Option<String>, Header, description = "One part of it, such as `bytes=1000-`."),
        ("If-Range" = Option<String>, Header, description = "The `ETag` of which a part is wanted; else all of it."),
        ("If-None-Match" = Option<String>, Header, description = "An `ETag` that is known already."),
        ("If-Match" = Option<String>, Header, description = "The only `ETag` that is wanted.")
    ),
    responses(
        (status = 200, description = "The file.", content_type = "application/octet-stream"),
        (status = 206, description = "A part of it.", content_type = "application/octet-stream"),
        (status = 304, description = "It is known already."),
        (status = 307, description = "It is to be had from the object store."),
        (status = 412, description = "It is another one."),
        Problems
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    Store(artifacts): Store,
    gate: Gate,
    method: Method,
    Path((artifact, name)): Path<(Uuid, String)>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    gate.enter(None)?;
    let Parameters { exp, kid, license, sig } = parameters;
    let query = LinkQuery { exp, kid, license, sig };
    let delivery = authority.open_link(method.to_string(), artifact, name, query).await?;

    let tag = tag(&delivery);
    let mut response = Response::new(Body::empty());
    describe(&mut response, &delivery, &tag);
    if !names_strong_tag(&headers, header::IF_MATCH, &tag).unwrap_or(true) {
        *response.status_mut() = StatusCode::PRECONDITION_FAILED;
        return Ok(response);
    }
    if is_known(&headers, &delivery, &tag) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let segments = segments(&artifacts, &delivery).await?;
    let size = segments.iter().map(Segment::len).sum();
    let range = headers.get(header::RANGE).and_then(|value| value.to_str().ok());
    let part = match wanted(range.filter(|_| is_same(&headers, &delivery, &tag)), size) {
        Wanted::Whole => 0..size,
        Wanted::Part(part) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let told = format!("bytes {}-{}/{size}", part.start, part.end - 1);
            put(&mut response, header::CONTENT_RANGE, &told);
            part
        }
        Wanted::Nothing => {
            let mut refused = Failure::from(Code::RangeNotSatisfiable).into_response();
            put(&mut refused, header::CONTENT_RANGE, &format!("bytes */{size}"));
            return Ok(refused);
        }
    };
    // Whoever goes on where he stopped was counted when he began.
    if part.start == 0 {
        authority.record_download(&delivery, gate.origin()).await?;
    }
    if delivery.personal.is_none()
        && let Some(url) = artifacts.redirect(&delivery.artifact, REDIRECT_LIFE).await?
    {
        let mut elsewhere = StatusCode::TEMPORARY_REDIRECT.into_response();
        put(&mut elsewhere, header::LOCATION, &url);
        put(&mut elsewhere, header::CACHE_CONTROL, "no-store");
        return Ok(elsewhere);
    }
    put(&mut response, header::CONTENT_LENGTH, &(part.end - part.start).to_string());
    let wanted = clip(segments, &part);
    // The first bytes are there before the answer begins: what is missing is an error, not a short file.
    let mut streams = Vec::with_capacity(wanted.len());
    for segment in wanted {
        streams.push(match segment {
            Segment::Own(bytes) => stream::once(async { Ok(bytes.into()) }).boxed(),
            Segment::Original(range) => artifacts.read(&delivery.artifact, range).await?,
        });
    }
    let chunks = stream::iter(streams).flatten().inspect_err(|error| {
        tracing::error!(%error, "a download broke off");
    });
    *response.body_mut() = Body::from_stream(chunks);
    Ok(response)
}

async fn segments(artifacts: &Artifacts, delivery: &Delivery) -> Result<Vec<Segment>, Failure> {
    let Some(personal) = &delivery.personal else {
        return Ok(vec![Segment::Original(0..delivery.artifact.size)]);
    };
    let made =
        artifacts.personalized(&delivery.artifact, &personal.path, &personal.content).await?;
    made.map_err(|unfit| {
        tracing::error!(%unfit, artifact = %delivery.artifact.id, "an archive cannot be personalised");
        Problem::new(Code::Internal).into()
    })
}

/// The hash is the version; what was put in makes another one.
fn tag(delivery: &Delivery) -> String {
    let hash = hex(&delivery.artifact.sha256);
    match &delivery.personal {
        None => format!("\"{hash}\""),
        Some(personal) => format!("\"{hash}-{}\"", personal.key_id),
    }
}

fn describe(response: &mut Response, delivery: &Delivery, tag: &str) {
    let artifact = &delivery.artifact;
    put(response, header::ETAG, tag);
    put(response, header::ACCEPT_RANGES, "bytes");
    put(response, header::CONTENT_TYPE, "application/octet-stream");
    put(response, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    put(response, header::REFERRER_POLICY, "no-referrer");
    put(response, header::CACHE_CONTROL, "private, no-cache, no-transform");
    // A file name is of letters, digits and a few marks: nothing has to be escaped (RFC 6266).
    put(
        response,
        header::CONTENT_DISPOSITION,
        &format!("attachment; filename=\"{}\"", artifact.name),
    );
    if let Some(at) = modified(delivery) {
        put(response, header::LAST_MODIFIED, &at);
    }
    if delivery.personal.is_none() {
        let digest = format!("sha-256=:{}:", Base64::encode_string(&artifact.sha256));
        put(response, HeaderName::from_static("repr-digest"), &digest);
    }
}

fn modified(delivery: &Delivery) -> Option<String> {
    let at = Timestamp::from_second(delivery.artifact.stored_at?).ok()?;
    rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&at).ok()
}

fn put(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// Whether the client has it. Its date counts only where it names no tags (RFC 9110 section 13.2.2).
fn is_known(headers: &HeaderMap, delivery: &Delivery, tag: &str) -> bool {
    if let Some(named) = names_tag(headers, header::IF_NONE_MATCH, tag) {
        return named;
    }
    let since = headers.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok());
    since.is_some_and(|since| modified(delivery).as_deref() == Some(since))
}

/// Whether a part of what the client has a part of can be had. Only an exact tag or date will do.
fn is_same(headers: &HeaderMap, delivery: &Delivery, tag: &str) -> bool {
    match headers.get(header::IF_RANGE).map(|value| value.to_str()) {
        None => true,
        Some(Err(_)) => false,
        Some(Ok(shown)) => shown == tag || modified(delivery).as_deref() == Some(shown),
    }
}
