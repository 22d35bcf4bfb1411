//! `GET /v1/license/events`: server-sent events. An event only makes the product ask at once; a stream that
//! breaks changes nothing.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream, StreamExt};
use licentia_authority::Authority;
use licentia_model::EventKind;
use licentia_protocol::Code;
use tokio::sync::broadcast::error::RecvError;

use crate::extract::Bearer;
use crate::gate::Gate;
use crate::jobs::events::Feed;
use crate::limits::Credential;
use crate::openapi::problems;
use crate::problem::Failure;

/// A comment line this often keeps proxies from closing the stream.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

problems!(InvalidToken, RateLimited, Internal, Unavailable);

/// Streams what happens to the licence of the token's activation.
///
/// An event has a name, `suspended`, `resumed`, `revoked`, `changed` or `keyset`, and no content: it only makes the
/// product ask by a heartbeat at once. A token that is stale will do.
#[utoipa::path(
    get,
    path = "/v1/license/events",
    operation_id = "events",
    tag = "product",
    security(("access_token" = [])),
    responses(
        (status = 200, description = "Server-sent events.", content_type = "text/event-stream", body = String),
        Problems,
    )
)]
pub(crate) async fn handler(
    State(authority): State<Authority>,
    State(feed): State<Feed>,
    gate: Gate,
    Bearer(bearer): Bearer,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Failure> {
    // Listening begins before the token is looked up, so that nothing falls between.
    let receiver = feed.subscribe();
    let token = bearer.ok_or(Code::InvalidToken)?;
    gate.enter(Some(Credential::Token(&token)))?;
    let listener = authority.listener(&token).await?;
    let license = listener.license_id;
    let open = gate.stream(listener)?;
    let events = stream::unfold((receiver, open), move |(mut receiver, open)| async move {
        loop {
            match receiver.recv().await {
                Ok(event)
                    if event.kind != EventKind::Listed
                        && event.license_id.is_none_or(|id| id == license) =>
                {
                    let event = Event::default()
                        .id(event.seq.to_string())
                        .event(event.kind.as_str())
                        .data("{}");
                    return Some((Ok(event), (receiver, open)));
                }
                Ok(_) => {}
                // Too slow to hear everything: ask, whatever it was.
                Err(RecvError::Lagged(_)) => {
                    let event = Event::default().event("changed").data("{}");
                    return Some((Ok(event), (receiver, open)));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    });
    let hello = stream::once(async { Ok(Event::default().comment("listening")) });
    Ok(Sse::new(hello.chain(events)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}
