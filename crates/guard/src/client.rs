//! HTTP to the authority: bounded in time and size, believing nothing it brings back.

use std::time::Duration;

use http_body_util::Full;
use hyper::header::{
    ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use hyper::{Method, Request, Uri};
use licentia_license::Trust;
use licentia_protocol::{activate, deactivate, heartbeat, keyset};
use serde::Serialize;

use crate::environment::Environment;
use crate::wire::{Exchange, Wire, silence};

/// Largest answer that is read.
const MAX_ANSWER: usize = 1024 * 1024;
const ACTIVATE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(10);
/// A revocation list may be some MiB.
const FETCH: Duration = Duration::from_secs(60);
const DEACTIVATE: Duration = Duration::from_secs(5);
/// A stream that is silent for so long is dead; the authority sends a comment far more often.
const STREAM_SILENCE: Duration = Duration::from_secs(90);

/// An answer, whoever gave it.
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) retry_after_s: Option<i64>,
    pub(crate) body: Vec<u8>,
}

/// Something fetched.
pub(crate) struct Page {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Silence(pub(crate) String);

/// The calls that a contact makes: over the network, or over a simulated one.
pub(crate) trait Transport: Sync {
    /// Asks for a seat, under an `Idempotency-Key` where there is one.
    fn activate(
        &self,
        body: &activate::Request,
        key: Option<&str>,
    ) -> impl Future<Output = Result<Raw, Silence>> + Send;

    /// Keeps a seat.
    fn heartbeat(
        &self,
        token: &str,
        body: &heartbeat::Request,
    ) -> impl Future<Output = Result<Raw, Silence>> + Send;

    /// Fetches the authority's keyset; `true` where a root of ours signed it and it is news.
    fn refresh_keyset(&self, trust: &mut Trust) -> impl Future<Output = bool> + Send;
}

/// Talks to one authority.
#[derive(Clone)]
pub(crate) struct Client {
    /// Scheme, host and path, without a slash at the end.
    base: String,
    wire: Wire,
}

impl Client {
    /// For the authority at this address; the error says what is wrong with it.
    pub(crate) fn new(address: &str, environment: &Environment) -> Result<Self, String> {
        let uri: Uri =
            address.trim().parse().map_err(|error| format!("it is not an address: {error}"))?;
        let (Some(scheme @ ("https" | "http")), Some(authority)) =
            (uri.scheme_str(), uri.authority())
        else {
            return Err("it must begin with https:// or http://".to_owned());
        };
        if authority.host().is_empty() || authority.as_str().contains('@') {
            return Err("it must have a host, and no user name".to_owned());
        }
        let loopback = is_loopback(authority.host());
        if scheme == "http" && !loopback {
            tracing::warn!(target: "license",
                "[License] The authority is spoken to in plain HTTP, so the key can be read on the way; use https://");
        }
        let base = format!("{scheme}://{authority}{}", uri.path().trim_end_matches('/'));
        // A proxy cannot reach our loopback.
        let wire = if loopback { Wire::direct(environment) } else { Wire::new(environment) };
        Ok(Self { base, wire })
    }

    /// Gives a seat back, once `sending` was told that from now on it may be gone. Without an `Idempotency-Key`: it is
    /// sent once, and does no more a second time.
    pub(crate) async fn deactivate(
        &self,
        token: Option<&str>,
        body: &deactivate::Request,
        sending: impl FnOnce() + Send,
    ) -> Result<Raw, Silence> {
        let request = self.posting("v1/license/deactivate", token, body, None)?;
        in_time(DEACTIVATE, async {
            let ready = self.wire.open(request).await?;
            sending();
            read(ready.send().await?).await
        })
        .await
    }

    /// Opens the stream of events.
    pub(crate) async fn events(&self, token: &str) -> Result<Events, Silence> {
        let mut request =
            self.request(Method::GET, "v1/license/events", Some(token), Vec::new())?;
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/event-stream"));
        let exchange = in_time(STREAM_SILENCE, self.wire.send(request)).await?;
        match exchange.status() {
            200 => Ok(Events(exchange)),
            status => Err(Silence(format!("the stream was answered with {status}"))),
        }
    }

    async fn post(
        &self,
        path: &str,
        token: Option<&str>,
        body: &(impl Serialize + Sync),
        key: Option<&str>,
        most: Duration,
    ) -> Result<Raw, Silence> {
        let request = self.posting(path, token, body, key)?;
        in_time(most, self.answer(request)).await
    }

    fn posting(
        &self,
        path: &str,
        token: Option<&str>,
        body: &impl Serialize,
        key: Option<&str>,
    ) -> Result<Request<Full<hyper::body::Bytes>>, Silence> {
        let body = serde_json::to_vec(body).map_err(silence)?;
        let mut request = self.request(Method::POST, path, token, body)?;
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(key) = key {
            request.headers_mut().insert("idempotency-key", key.parse().map_err(silence)?);
        }
        Ok(request)
    }

    fn request(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Vec<u8>,
    ) -> Result<Request<Full<hyper::body::Bytes>>, Silence> {
        let uri = format!("{}/{path}", self.base);
        let mut request = Request::new(Full::from(body));
        *request.method_mut() = method;
        *request.uri_mut() = uri.parse().map_err(silence)?;
        if let Some(token) = token {
            let mut value: HeaderValue = format!("Bearer {token}").parse().map_err(silence)?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Ok(request)
    }

    /// Fetches a page of at most so many bytes; an empty path is the address itself.
    pub(crate) async fn fetch(
        &self,
        path: &str,
        header: Option<(HeaderName, HeaderValue)>,
        most: usize,
    ) -> Result<Page, Silence> {
        let mut request = self.request(Method::GET, path, None, Vec::new())?;
        if path.is_empty() {
            *request.uri_mut() = self.base.parse().map_err(silence)?;
        }
        request.headers_mut().extend(header);
        in_time(FETCH, async {
            let mut exchange = self.wire.send(request).await?;
            let (status, headers) = (exchange.status(), exchange.headers().clone());
            let body = body(&mut exchange, most).await?;
            Ok(Page { status, headers, body })
        })
        .await
    }

    async fn answer(&self, request: Request<Full<hyper::body::Bytes>>) -> Result<Raw, Silence> {
        read(self.wire.send(request).await?).await
    }
}

/// The whole answer.
async fn read(mut exchange: Exchange) -> Result<Raw, Silence> {
    let retry_after = exchange.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|value| value.parse().ok());
    let body = body(&mut exchange, MAX_ANSWER).await?;
    Ok(Raw { status: exchange.status(), retry_after_s, body })
}

async fn body(exchange: &mut Exchange, most: usize) -> Result<Vec<u8>, Silence> {
    let mut body = Vec::new();
    while let Some(chunk) = exchange.chunk().await? {
        if body.len() + chunk.len() > most {
            return Err(Silence(format!("the answer is larger than {most} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

impl Transport for Client {
    async fn activate(&self, body: &activate::Request, key: Option<&str>) -> Result<Raw, Silence> {
        self.post("v1/license/activate", None, body, key, ACTIVATE).await
    }

    async fn heartbeat(&self, token: &str, body: &heartbeat::Request) -> Result<Raw, Silence> {
        self.post("v1/license/heartbeat", Some(token), body, None, HEARTBEAT).await
    }

    async fn refresh_keyset(&self, trust: &mut Trust) -> bool {
        let Ok(request) = self.request(Method::GET, "keyset.json", None, Vec::new()) else {
            return false;
        };
        let Ok(raw) = in_time(HEARTBEAT, self.answer(request)).await else { return false };
        let Ok(body) = serde_json::from_slice::<keyset::Answer>(&raw.body) else { return false };
        let before = trust.keyset_version();
        match trust.accept_keyset(&body.keyset) {
            Ok(_) => trust.keyset_version() != before,
            Err(invalid) => {
                tracing::warn!(target: "license", code = invalid.code(),
                    "[License] The authority's keyset was not signed by a key that this product trusts");
                false
            }
        }
    }
}

/// The stream of events.
pub(crate) struct Events(Exchange);

impl Events {
    /// Whether it says of itself that it is one.
    pub(crate) fn is_stream(&self) -> bool {
        let kind = self.0.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        kind.is_some_and(|kind| kind.starts_with("text/event-stream"))
    }

    /// The next bytes; `None` at its end, which a silence too long is.
    pub(crate) async fn chunk(&mut self) -> Option<hyper::body::Bytes> {
        in_time(STREAM_SILENCE, self.0.chunk()).await.ok().flatten()
    }
}

async fn in_time<T>(
    most: Duration,
    work: impl Future<Output = Result<T, Silence>>,
) -> Result<T, Silence> {
    tokio::time::timeout(most, work)
        .await
        .unwrap_or_else(|_| Err(Silence("no answer in time".to_owned())))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(address: &str) -> Result<Client, String> {
        Client::new(address, &Environment::default())
    }

    #[test]
    fn an_address_is_checked_before_anything_is_sent() {
        for good in
            ["https://licenses.example.com", "http://127.0.0.1:8080/", " http://[::1]:1/base "]
        {
            assert!(client(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "licenses.example.com",
            "licenses.example.com:443",
            "/v1",
            "ftp://x",
            "file:///etc/passwd",
            "https://",
            "https://user:password@example.com",
            "https://exa mple.com",
        ] {
            assert!(client(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_are_joined_below_the_base() {
        for (base, wanted) in [
            ("https://example.com/licensing", "https://example.com/licensing/v1/x"),
            ("https://example.com/licensing/?a=b", "https://example.com/licensing/v1/x"),
            ("HTTP://[::1]:80", "http://[::1]:80/v1/x"),
        ] {
            let request = client(base).unwrap().request(Method::GET, "v1/x", None, Vec::new());
            assert_eq!(request.unwrap().uri(), wanted);
        }
    }
}
