//! HTTP to the authority: bounded in time and size, believing nothing it brings back.

use std::time::Duration;

use licentia_license::Trust;
use licentia_protocol::{activate, deactivate, heartbeat, keyset};
use reqwest::{Method, RequestBuilder, Response, StatusCode, Url, header};

/// Largest answer that is read.
const MAX_ANSWER: usize = 1024 * 1024;
const ACTIVATE: Duration = Duration::from_secs(30);
const HEARTBEAT: Duration = Duration::from_secs(10);
const DEACTIVATE: Duration = Duration::from_secs(5);
const CONNECT: Duration = Duration::from_secs(10);
/// A stream that is silent for so long is dead; the authority sends a comment far more often.
const STREAM_SILENCE: Duration = Duration::from_secs(90);

/// An answer, whoever gave it.
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) retry_after_s: Option<i64>,
    pub(crate) body: Vec<u8>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Silence(pub(crate) String);

/// The calls that a contact makes: over the network, or over a simulated one.
pub(crate) trait Transport: Sync {
    /// Asks for a seat.
    fn activate(
        &self,
        body: &activate::Request,
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
    base: Url,
    calls: reqwest::Client,
    stream: reqwest::Client,
}

impl Client {
    /// For the authority at this address; the error says what is wrong with it.
    pub(crate) fn new(address: &str) -> Result<Self, String> {
        let mut base =
            Url::parse(address.trim()).map_err(|error| format!("it is not an address: {error}"))?;
        if !matches!(base.scheme(), "https" | "http") || base.host().is_none() {
            return Err("it must begin with https:// or http://".to_owned());
        }
        if !base.path().ends_with('/') {
            base.set_path(&format!("{}/", base.path()));
        }
        let loopback = is_loopback(&base);
        if base.scheme() == "http" && !loopback {
            tracing::warn!(target: "license",
                "[License] The authority is spoken to in plain HTTP, so the key can be read on the way; use https://");
        }
        let configure = || {
            let builder = reqwest::Client::builder()
                .user_agent(concat!("licentia-guard/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(CONNECT)
                // Calls are minutes apart: a connection kept so long is mostly a dead one.
                .pool_max_idle_per_host(0)
                // The key goes to the address that was configured, and nowhere else.
                .redirect(reqwest::redirect::Policy::none());
            // A proxy cannot reach our loopback.
            if loopback { builder.no_proxy() } else { builder }
        };
        let fault = |error: reqwest::Error| format!("the HTTP client could not be made: {error}");
        Ok(Self {
            base,
            calls: configure().build().map_err(fault)?,
            stream: configure().read_timeout(STREAM_SILENCE).build().map_err(fault)?,
        })
    }

    /// Gives a seat back.
    pub(crate) async fn deactivate(
        &self,
        token: Option<&str>,
        body: &deactivate::Request,
    ) -> Result<Raw, Silence> {
        let request =
            self.request(Method::POST, "v1/license/deactivate")?.timeout(DEACTIVATE).json(body);
        answer(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
        .await
    }

    /// Opens the stream of events.
    pub(crate) async fn events(&self, token: &str) -> Result<Response, Silence> {
        let url = self.url("v1/license/events")?;
        let request =
            self.stream.get(url).bearer_auth(token).header(header::ACCEPT, "text/event-stream");
        let response = request.send().await.map_err(silence)?;
        match response.status() {
            StatusCode::OK => Ok(response),
            status => Err(Silence(format!("the stream was answered with {status}"))),
        }
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, Silence> {
        Ok(self.calls.request(method, self.url(path)?))
    }

    fn url(&self, path: &str) -> Result<Url, Silence> {
        self.base.join(path).map_err(|error| Silence(error.to_string()))
    }
}

impl Transport for Client {
    async fn activate(&self, body: &activate::Request) -> Result<Raw, Silence> {
        answer(self.request(Method::POST, "v1/license/activate")?.timeout(ACTIVATE).json(body))
            .await
    }

    async fn heartbeat(&self, token: &str, body: &heartbeat::Request) -> Result<Raw, Silence> {
        let request = self.request(Method::POST, "v1/license/heartbeat")?;
        answer(request.timeout(HEARTBEAT).bearer_auth(token).json(body)).await
    }

    async fn refresh_keyset(&self, trust: &mut Trust) -> bool {
        let Ok(request) = self.request(Method::GET, "keyset.json") else { return false };
        let Ok(raw) = answer(request.timeout(HEARTBEAT)).await else { return false };
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

async fn answer(request: RequestBuilder) -> Result<Raw, Silence> {
    let mut response = request.send().await.map_err(silence)?;
    let status = response.status().as_u16();
    let retry_after =
        response.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after_s = retry_after.and_then(|value| value.parse().ok());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(silence)? {
        if body.len() + chunk.len() > MAX_ANSWER {
            return Err(Silence("the answer is larger than 1 MiB".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Raw { status, retry_after_s, body })
}

/// In words, with causes and without the address.
fn silence(error: reqwest::Error) -> Silence {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    Silence(text)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_checked_before_anything_is_sent() {
        for good in
            ["https://licenses.example.com", "http://127.0.0.1:8080/", "http://[::1]:1/base"]
        {
            assert!(Client::new(good).is_ok(), "{good}");
        }
        for bad in ["", "licenses.example.com", "ftp://x", "file:///etc/passwd", "https://"] {
            assert!(Client::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn paths_are_joined_below_the_base() {
        let client = Client::new("https://example.com/licensing").unwrap();
        assert_eq!(
            client.url("v1/license/activate").unwrap().path(),
            "/licensing/v1/license/activate"
        );
    }
}
