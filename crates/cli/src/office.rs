//! Where operators' commands are answered: by the authority in the local data directory, or by the one at `--server`.
//! Both speak the same HTTP, the first without a network, so that a command says and prints the same to either.

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use futures_util::StreamExt;
use licentia_authority::Authority;
use licentia_issue::Secret;
use licentia_protocol::Problem;
use licentia_protocol::resource::Page;
use licentia_server::lists::Publisher;
use licentia_server::local::Local;
use licentia_server::system::variables;
use reqwest::{Method, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::args::Cli;
use crate::failure::Failure;
use crate::local;

/// Most items that one page is asked for.
const PAGE: u32 = 1_000;

/// An authority to ask.
pub(crate) struct Office {
    way: Way,
}

enum Way {
    Local(Local, Authority),
    Remote { client: reqwest::Client, base: String, token: Secret<String> },
}

/// Parameters behind a path; those without a value are left out.
pub(crate) type Parameters<'a> = Vec<(&'a str, Option<String>)>;

impl Office {
    /// The one that flags and environment name.
    pub(crate) async fn open(cli: &Cli) -> Result<Self, Failure> {
        let Some(base) = &cli.server else {
            let authority = local::authority(cli).await?;
            let config = local::read_config(cli, None)?;
            let publisher = Publisher::open(authority.clone(), &config.revocations, variables())
                .map_err(|e| {
                    Failure::usage(
                        &e,
                        "correct `text` and `publish` in the section `[revocations]`",
                    )
                })?;
            let artifacts = licentia_server::artifacts::of(&authority, &config.releases);
            let local =
                Local::with(authority.clone(), local::actor(), publisher).storing(artifacts);
            let way = Way::Local(local, authority);
            return Ok(Self { way });
        };
        let token = token(cli)?;
        let client = reqwest::Client::builder().build().map_err(|e| {
            Failure::undone(
                format!("no connection can be made: {e}"),
                "check proxies and certificates",
            )
        })?;
        let base = base.trim_end_matches('/').to_owned();
        if !base.starts_with("https://") && !base.starts_with("http://") {
            return Err(Failure::usage(
                format!("`{base}` is no address of a server"),
                "give one such as https://licenses.example.com",
            ));
        }
        Ok(Self { way: Way::Remote { client, base, token } })
    }

    /// Reads something.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &Parameters<'_>,
    ) -> Result<T, Failure> {
        let call = Call { path: &with(path, parameters), ..Call::default() };
        parsed(&self.ask(call).await?.0)
    }

    /// Changes something.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T, Failure> {
        let body = Some(("application/json", encoded(body)?));
        parsed(&self.ask(Call { method, path, body, ..Call::default() }).await?.0)
    }

    /// Changes something as it is now: where somebody else changes it at the same moment, nothing is done.
    pub(crate) async fn change<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<Option<T>, Failure> {
        let (_, version) = self.ask(Call { path, ..Call::default() }).await?;
        let body = Some(("application/json", encoded(body)?));
        let call = Call { method, path, body, if_match: version.as_deref(), ..Call::default() };
        let answer = self.ask(call).await?.0;
        if answer.is_empty() { Ok(None) } else { parsed(&answer).map(Some) }
    }

    /// Changes something once: a repetition under the same key has no other effect.
    pub(crate) async fn once(
        &self,
        path: &str,
        body: &impl Serialize,
        key: &str,
    ) -> Result<Vec<u8>, Failure> {
        let body = Some(("application/json", encoded(body)?));
        let call = Call { method: Method::POST, path, body, key: Some(key), ..Call::default() };
        Ok(self.ask(call).await?.0)
    }

    /// Sends bytes.
    pub(crate) async fn put_bytes(&self, path: &str, bytes: Vec<u8>) -> Result<(), Failure> {
        let body = Some(("application/octet-stream", bytes));
        self.ask(Call { method: Method::PUT, path, body, ..Call::default() }).await.map(drop)
    }

    /// Takes something away.
    pub(crate) async fn remove(&self, path: &str) -> Result<(), Failure> {
        self.ask(Call { method: Method::DELETE, path, ..Call::default() }).await.map(drop)
    }

    /// Reads a text.
    pub(crate) async fn text(
        &self,
        path: &str,
        parameters: &Parameters<'_>,
    ) -> Result<String, Failure> {
        let bytes = self.ask(Call { path: &with(path, parameters), ..Call::default() }).await?.0;
        String::from_utf8(bytes).map_err(|e| broken(&e))
    }

    /// Sends a text of another kind.
    pub(crate) async fn send_text<T: DeserializeOwned>(
        &self,
        path: &str,
        media: &'static str,
        text: String,
    ) -> Result<T, Failure> {
        let body = Some((media, text.into_bytes()));
        parsed(&self.ask(Call { method: Method::POST, path, body, ..Call::default() }).await?.0)
    }

    /// So many items of a list, and where the rest begins.
    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &Parameters<'_>,
        after: Option<String>,
        limit: u32,
    ) -> Result<Page<T>, Failure> {
        let mut all = Page { items: Vec::new(), next: after };
        loop {
            let missing = limit.saturating_sub(u32::try_from(all.items.len()).unwrap_or(limit));
            let mut parameters = parameters.clone();
            parameters.push(("after", all.next.take()));
            parameters.push(("limit", Some(missing.min(PAGE).to_string())));
            let page: Page<T> = self.get(path, &parameters).await?;
            all.items.extend(page.items);
            all.next = page.next;
            if all.next.is_none() || all.items.len() >= limit as usize {
                return Ok(all);
            }
        }
    }

    /// Passes a long answer on, piece by piece, until somebody has enough.
    pub(crate) async fn stream(
        &self,
        path: &str,
        parameters: &Parameters<'_>,
        mut piece: impl FnMut(&[u8]) -> Result<bool, Failure>,
    ) -> Result<(), Failure> {
        let path = with(path, parameters);
        match &self.way {
            Way::Local(local, _) => {
                let response = local.call(request(Call { path: &path, ..Call::default() })?).await;
                let status = response.status();
                let mut body = response.into_body().into_data_stream();
                if !status.is_success() {
                    return Err(self.refused(status, &whole(body).await?));
                }
                while let Some(bytes) = body.next().await {
                    if !piece(&bytes.map_err(|e| broken(&e))?)? {
                        break;
                    }
                }
            }
            Way::Remote { .. } => {
                let response = self.remote(Call { path: &path, ..Call::default() }).await?;
                let status = response.status();
                if !status.is_success() {
                    let bytes = response.bytes().await.map_err(|e| broken(&e))?;
                    return Err(self.refused(status, &bytes));
                }
                let mut body = response.bytes_stream();
                while let Some(bytes) = body.next().await {
                    if !piece(&bytes.map_err(|e| broken(&e))?)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Finishes what was begun.
    pub(crate) async fn close(&self) {
        if let Way::Local(_, authority) = &self.way {
            authority.close().await;
        }
    }

    /// The body of the answer, and the version of what it shows.
    async fn ask(&self, call: Call<'_>) -> Result<(Vec<u8>, Option<String>), Failure> {
        let version = |headers: &HeaderMap| {
            headers.get("etag").and_then(|tag| tag.to_str().ok()).map(str::to_owned)
        };
        let (status, version, bytes) = match &self.way {
            Way::Local(local, _) => {
                let response = local.call(request(call)?).await;
                let (status, version) = (response.status(), version(response.headers()));
                (status, version, whole(response.into_body().into_data_stream()).await?)
            }
            Way::Remote { .. } => {
                let response = self.remote(call).await?;
                let (status, version) = (response.status(), version(response.headers()));
                (status, version, response.bytes().await.map_err(|e| broken(&e))?.to_vec())
            }
        };
        if status.is_success() { Ok((bytes, version)) } else { Err(self.refused(status, &bytes)) }
    }

    async fn remote(&self, call: Call<'_>) -> Result<reqwest::Response, Failure> {
        let Way::Remote { client, base, token } = &self.way else {
            return Err(Failure::undone("no server is named", "give --server"));
        };
        let mut request = client
            .request(call.method.clone(), format!("{base}{}", call.path))
            .bearer_auth(token.expose());
        for (name, value) in call.headers() {
            request = request.header(name, value);
        }
        if let Some((_, body)) = call.body {
            request = request.body(body);
        }
        request.send().await.map_err(|e| {
            Failure::undone(
                format!("{base} cannot be reached: {}", reason(&e)),
                "check address, network and proxy, and that the authority runs",
            )
        })
    }

    fn refused(&self, status: StatusCode, body: &[u8]) -> Failure {
        match serde_json::from_slice::<Problem>(body) {
            Ok(problem) => problem.into(),
            Err(_) => Failure::undone(
                format!("the answer was {status}, and not one of an authority"),
                "check that --server is the address of the authority itself",
            ),
        }
    }
}

fn token(cli: &Cli) -> Result<Secret<String>, Failure> {
    let missing = || {
        Failure::usage(
            "--server needs an API token",
            "put it into LICENTIA_TOKEN, or into a file that --token-file names",
        )
    };
    match (&cli.token_file, &cli.token) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path).map_err(|e| {
                Failure::usage(format!("{}: {e}", path.display()), "check the path of --token-file")
            })?;
            Ok(Secret::new(text.trim().to_owned()))
        }
        (None, Some(token)) => Ok(Secret::new(token.trim().to_owned())),
        (None, None) => Err(missing()),
    }
}

/// What is asked.
#[derive(Default)]
struct Call<'a> {
    method: Method,
    path: &'a str,
    body: Option<(&'static str, Vec<u8>)>,
    key: Option<&'a str>,
    if_match: Option<&'a str>,
}

impl Call<'_> {
    fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let media = self.body.as_ref().map(|(media, _)| *media);
        [("content-type", media), ("idempotency-key", self.key), ("if-match", self.if_match)]
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
    }
}

fn request(call: Call<'_>) -> Result<Request<Body>, Failure> {
    let mut request = Request::builder().method(call.method.clone()).uri(call.path);
    for (name, value) in call.headers() {
        request = request.header(name, value);
    }
    let body = call.body.map_or_else(Body::empty, |(_, body)| Body::from(body));
    request.body(body).map_err(|e| Failure::usage(&e, "check the arguments"))
}

async fn whole(mut body: axum::body::BodyDataStream) -> Result<Vec<u8>, Failure> {
    let mut all = Vec::new();
    while let Some(bytes) = body.next().await {
        all.extend_from_slice(&bytes.map_err(|e| broken(&e))?);
    }
    Ok(all)
}

fn broken(error: &dyn std::fmt::Display) -> Failure {
    Failure::undone(format!("the answer broke off: {error}"), "run it again")
}

/// The innermost reason, without the address, which may hold what is nobody's business.
fn reason(error: &reqwest::Error) -> String {
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    inner.to_string()
}

fn encoded(body: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(body).map_err(|e| Failure::undone(&e, "report this defect"))
}

fn parsed<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|e| {
        Failure::undone(
            format!("the answer is not what was expected: {e}"),
            "use a command line and an authority of the same version",
        )
    })
}

fn with(path: &str, parameters: &Parameters<'_>) -> String {
    let mut path = path.to_owned();
    let told = parameters.iter().filter_map(|(name, value)| Some((name, value.as_ref()?)));
    for (place, (name, value)) in told.enumerate() {
        path.push(if place == 0 { '?' } else { '&' });
        path.push_str(name);
        path.push('=');
        path.push_str(&escaped(value));
    }
    path
}

/// A value, or a part of a path (RFC 3986): all but unreserved letters are escaped.
pub(crate) fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(byte.into());
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_cannot_become_another_question() {
        let path = with("/v1/x", &vec![("a", None), ("b", Some("ü &c=d/../#?".into()))]);
        assert_eq!(path, "/v1/x?b=%C3%BC%20%26c%3Dd%2F..%2F%23%3F");
        assert_eq!(with("/v1/x", &vec![("a", None)]), "/v1/x");
    }
}
